/* A WebSocket as a client speaks it (RFC 6455), as far as the load generator needs it. */
#ifndef WEBSOCKET_H
#define WEBSOCKET_H

#include <stddef.h>

/* What opens it; the key is the one of the RFC, as nobody here checks the answer to it. */
#define WS_UPGRADE                                                                                         \
    "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"                    \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
/* Bytes that a frame has besides its text, at most, where the text is below 64 KiB. */
#define WS_HEAD 8

/* Writes a text as one frame to `out`; returns its size. */
size_t ws_frame(char *out, const char *text, size_t size);

#endif

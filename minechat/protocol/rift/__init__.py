"""The talk of RIFT: JSON frames over WebSocket, judged by one table (docs/rift.md)."""

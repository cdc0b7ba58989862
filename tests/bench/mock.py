"""A mock upstream as cheap as Python can make one, so that what is measured is what stands before it."""

from __future__ import annotations

import asyncio
import sys
from typing import cast

import orjson
import uvloop

USAGE = {"prompt_tokens": 50, "completion_tokens": 20, "total_tokens": 70}
MESSAGE = {
    "role": "assistant",
    "content": "An answer of about twenty tokens, which says nothing, but says it politely.",
}
BODY = orjson.dumps(
    {
        "id": "chatcmpl-mock",
        "object": "chat.completion",
        "created": 1,
        "model": "mock",
        "choices": [{"index": 0, "message": MESSAGE, "finish_reason": "stop"}],
        "usage": USAGE,
    }
)
# Head and body leave in one segment: two would wait for each other's delayed acknowledgement.
REPLY = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(BODY), BODY)


class Mock(asyncio.Protocol):
    """Answers each request with the same body, as soon as its own body is whole."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's are no subclass
        self.waiting = b""

    def data_received(self, data: bytes) -> None:
        self.waiting += data
        while (head := self.waiting.find(b"\r\n\r\n")) >= 0:
            length = 0
            for line in self.waiting[:head].split(b"\r\n"):
                if line.lower().startswith(b"content-length:"):
                    length = int(line[15:])
            if len(self.waiting) < head + 4 + length:
                return
            self.waiting = self.waiting[head + 4 + length :]
            self.transport.write(REPLY)


async def main(port: int) -> None:
    """Serve until killed."""
    server = await asyncio.get_running_loop().create_server(Mock, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))

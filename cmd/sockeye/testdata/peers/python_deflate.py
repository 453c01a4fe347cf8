# Holds the same conversation several times with an echo server, on Python's
# websockets (10 and later), each time offering another permessage-deflate. Its
# arguments are the URL, then for each conversation the client's parameters as
# JSON. It prints a line for each thing that turned out right, and fails at the
# first that did not.
import asyncio
import json
import os
import sys

from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.legacy.client import WebSocketClientProtocol, connect

SIZES = [0, 1, 125, 126, 127, 65535, 65536, 200 << 10, 1 << 20]

# Repeats at these distances tempt a compressor to reach back further than the
# window that was agreed on. zlib refuses what does.
PERIODS = [250, 260, 500, 600, 1100, 2100, 4200, 9000, 17000, 33000]


class Counting(WebSocketClientProtocol):
    """Counts the bytes that come and go."""

    heard = said = 0

    def connection_made(self, transport):
        super().connection_made(transport)
        write = transport.write

        def counted(data):
            self.said += len(data)
            write(data)

        transport.write = counted

    def data_received(self, data):
        self.heard += len(data)
        super().data_received(data)


def text(n):
    """A string of n bytes in UTF-8, in characters of one to four of them."""
    pieces, i = [], 0
    while n > 40:
        pieces.append(f"{i} Grüße, 世界 🐟; ")
        n -= len(pieces[-1].encode())
        i += 1
    return "".join(pieces) + "x" * n


def blob(n, period):
    block = os.urandom(period)
    return (block * (n // period + 1))[:n]


def say(*words):
    print(*(str(w).lower() if isinstance(w, bool) else w for w in words), flush=True)


async def echo(ws, message):
    await ws.send(message)
    assert await ws.recv() == message


async def converse(url, parameters):
    extensions = [ClientPerMessageDeflateFactory(**parameters)]
    async with connect(url, compression=None, extensions=extensions, create_protocol=Counting, max_size=None) as ws:
        say("extensions:", ws.response_headers.get("Sec-WebSocket-Extensions", ""))

        for n in SIZES:
            await echo(ws, text(n))
        say("text:", *SIZES)
        for n in SIZES[:-1]:
            await echo(ws, blob(n, 999))
        say("binary:", *SIZES[:-1])
        for n in PERIODS:
            await echo(ws, blob(40_000, n))
        say("periods:", *PERIODS)

        # An iterable is sent as fragments, with pings between them here.
        pieces = [text(n) for n in (0, 1, 50, 3000, 0, 70_000, 0)]
        pongs = []

        async def fragments():
            for piece in pieces:
                yield piece
                pongs.append(await ws.ping())

        await ws.send(fragments())
        assert await ws.recv() == "".join(pieces)
        assert all(pong.done() for pong in pongs)
        say("fragments:", len(pieces))

        many = [text(i * i % 2003) if i % 3 else blob(i * i % 2003, 500) for i in range(200)]

        async def send():
            for m in many:
                await ws.send(m)

        sending = asyncio.create_task(send())
        for m in many:
            assert await ws.recv() == m
        await sending
        say("in order:", len(many))

        async def cost(message):
            heard, said = ws.heard, ws.said
            await echo(ws, message)
            return ws.heard - heard, ws.said - said

        prose = await cost(text(10_000))
        say("compressed by server, client:", *(n < 5000 for n in prose))
        # What comes again right away is almost free where the window is taken over.
        # It must be worth compressing the first time too.
        again = os.urandom(40).hex() * 2
        first, second = await cost(again), await cost(again)
        say("taken over by server, client:", *(n < m / 2 for m, n in zip(first, second)))

        await ws.close(4001, "so long")
        say("close:", ws.close_code)


async def main():
    for parameters in sys.argv[2:]:
        await converse(sys.argv[1], json.loads(parameters))


asyncio.run(main())

// ws on Node, as its README writes it: a WebSocketServer, the answer in the message's callback; for broadcast a loop
// over the clients. No compression. Messages are limited to 16 MiB, and what waits for a client to 1 MiB.
'use strict';

const { WebSocket, WebSocketServer } = require('ws');

const { handler, host, port } = require('./flags.js')();

const server = new WebSocketServer({ host, port, perMessageDeflate: false, maxPayload: 16 << 20 });

server.on('connection', (ws) => {
  ws.on('error', () => ws.terminate());
  if (handler === 'echo') {
    ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary }));
    return;
  }
  ws.on('message', (data, isBinary) => {
    for (const client of server.clients) {
      if (client.readyState !== WebSocket.OPEN) continue;
      if (client.bufferedAmount > 1 << 20) client.terminate();
      else client.send(data, { binary: isBinary });
    }
  });
});

server.on('listening', () => {
  const { address, port } = server.address();
  console.log(`listening on ${address}:${port}`);
});

for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));

// Bun.serve, as its documentation writes it: the answer in the message's callback; for broadcast its own topics, which
// are those of uWebSockets. No compression, no timeout. Messages are limited to 16 MiB, and what waits for a client to
// 1 MiB.
'use strict';

const { handler, host, port } = require('./flags.js')();

const limits = {
  perMessageDeflate: false,
  idleTimeout: 0,
  maxPayloadLength: 16 << 20,
  backpressureLimit: 1 << 20,
  closeOnBackpressureLimit: true,
};

const roles = {
  echo: {
    ...limits,
    message(ws, data) {
      ws.send(data);
    },
  },
  broadcast: {
    ...limits,
    open(ws) {
      ws.subscribe('all');
    },
    message(ws, data) {
      server.publish('all', data);
    },
  },
};

const server = Bun.serve({
  hostname: host,
  port,
  fetch(request, server) {
    if (server.upgrade(request)) return undefined;
    return new Response('this is a WebSocket server\n', { status: 426 });
  },
  websocket: roles[handler],
});

console.log(`listening on ${host}:${server.port}`);

for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));

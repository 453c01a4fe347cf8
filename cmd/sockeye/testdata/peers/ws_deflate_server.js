// WebSocket echo servers on the npm package ws that compress every message, one
// for each argument, its perMessageDeflate options as JSON. They print their
// ports, a line each, in order.
'use strict'
const { once } = require('node:events')
const { WebSocketServer } = require('ws')

const serve = async () => {
  for (const options of process.argv.slice(2)) {
    const server = new WebSocketServer({
      host: '127.0.0.1', port: 0, perMessageDeflate: { threshold: 0, ...JSON.parse(options) }
    })
    server.on('connection', (ws) => ws.on('message', (data, binary) => ws.send(data, { binary })))
    await once(server, 'listening')
    console.log(server.address().port)
  }
}
serve()

// A WebSocket server on the npm package ws, which does what it is told by text
// messages and echoes the rest. It prints its port, then a line for each event,
// and runs until it is killed.
'use strict'
const { WebSocketServer } = require('ws')

const say = (...words) => console.log(...words)

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: 0,
  perMessageDeflate: true, // used only when a client offers it
  handleProtocols: (offered) => [...offered].at(-1)
})
server.on('listening', () => say(server.address().port))

const orders = {
  ping(ws, payload) {
    ws.once('pong', (data) => ws.send(`pong ${data}`))
    ws.ping(payload)
  },
  fragments(ws) {
    ws.send('one ', { fin: false })
    ws.ping()
    ws.send('two ', { fin: false })
    ws.send('three', { fin: true })
  },
  big(ws, n) {
    ws.send('x'.repeat(Number(n)))
  },
  close(ws, code, ...reason) {
    ws.close(Number(code), reason.join(' '))
  },
  // hang up without a close frame
  drop(ws) {
    ws.terminate()
  },
  invalid(ws) {
    ws.send(Buffer.from([0xff]), { binary: false })
  }
}

server.on('connection', (ws, request) => {
  const { origin = '', 'x-course': course = '' } = request.headers
  say(`open ${request.url} protocol=${ws.protocol} extensions=${ws.extensions} origin=${origin} x-course=${course}`)
  let bytes = 0
  ws.on('message', (data, binary) => {
    const [order, ...args] = binary ? [] : data.toString().split(' ')
    if (Object.hasOwn(orders, order)) return orders[order](ws, ...args)
    bytes += data.length
    ws.send(data, { binary })
  })
  ws.on('error', (err) => say(`error ${err.code}`))
  ws.on('close', (code, reason) => say(`close ${code} ${reason}`.trim(), `after ${bytes} bytes`))
})

// Holds the same conversation several times with an echo server, on the npm
// package ws, each time offering another permessage-deflate. Its arguments are
// the URL, then for each conversation the client's perMessageDeflate options as
// JSON. It prints a line for each thing that turned out right, and fails at the
// first that did not.
'use strict'
const assert = require('node:assert/strict')
const { once } = require('node:events')
const WebSocket = require('ws')
const { sizes, periods, text, bytes, many, say, run } = require('./samples.js')

async function converse (url, perMessageDeflate) {
  const ws = new WebSocket(url, { perMessageDeflate })
  const upgrade = once(ws, 'upgrade')
  await once(ws, 'open')
  const [response] = await upgrade
  say('extensions:', response.headers['sec-websocket-extensions'] ?? '')

  // What comes may come before anybody asks for it.
  const came = []
  let wake
  ws.on('message', (data, binary) => {
    came.push([data, binary])
    wake?.()
  })
  ws.on('close', () => wake?.())
  const expect = async (want, wantBinary, what) => {
    while (!came.length && ws.readyState === WebSocket.OPEN) await new Promise((resolve) => { wake = resolve })
    assert.ok(came.length, `${what}: the connection ended`)
    const [data, binary] = came.shift()
    assert.equal(binary, wantBinary, what)
    assert.ok(data.equals(Buffer.from(want)), `${what}: not what was sent`)
  }
  const echo = (message, what) => {
    ws.send(message)
    return expect(message, typeof message !== 'string', what)
  }

  for (const n of sizes) await echo(text(n), `text ${n}`)
  say('text:', ...sizes)
  for (const n of sizes.slice(0, -1)) await echo(bytes(n, 999), `binary ${n}`)
  await echo(bytes(200 << 10), 'incompressible')
  say('binary:', ...sizes.slice(0, -1))
  for (const n of periods) await echo(bytes(40_000, n), `period ${n}`)
  say('periods:', ...periods)

  // Pings between fragments are answered before the message is. The cuts go
  // through characters; some fragments are empty.
  const whole = Buffer.from(text(3000))
  let ponged = 0
  ws.on('pong', () => { ponged += came.length ? 0 : 1 })
  for (let i = 0; i < whole.length; i += 77) {
    ws.send(whole.subarray(i, i + 77), { binary: false, fin: false })
    ws.ping('between')
    if (i % 2) ws.send('', { fin: false })
  }
  ws.send('', { fin: true })
  await expect(whole, false, 'fragments')
  const piece = bytes(1000)
  for (let i = 0; i < 200; i++) ws.send(i === 0 ? '' : piece, { binary: true, fin: i === 199 })
  await expect(Buffer.concat(Array(199).fill(piece)), true, 'fragments')
  say('fragments:', ponged, 'pongs')

  const list = many()
  for (const m of list) ws.send(m)
  for (const [i, m] of list.entries()) await expect(m, typeof m !== 'string', `message ${i}`)
  say('in order:', list.length)

  const { socket } = response
  const cost = async (message) => {
    const { bytesRead, bytesWritten } = socket
    await echo(message, 'to be measured')
    return [socket.bytesRead - bytesRead, socket.bytesWritten - bytesWritten]
  }
  const prose = await cost(text(10000))
  say('compressed by server, client:', ...prose.map((n) => n < 5000))
  // What comes again right away is almost free where the window is taken over. It
  // must be worth compressing the first time too.
  const again = bytes(40).toString('hex').repeat(2)
  const [first, second] = [await cost(again), await cost(again)]
  say('taken over by server, client:', ...second.map((n, i) => n < first[i] / 2))

  ws.close(4001, 'so long')
  const [code] = await once(ws, 'close')
  assert.equal(came.length, 0)
  say('close:', code)
}

const [url, ...offers] = process.argv.slice(2)
run(async () => {
  for (const offer of offers) await converse(url, JSON.parse(offer))
})

// A WebSocket client on the npm package ws. Its arguments are the name of a
// conversation and the URLs it is held with. It prints a line for each thing
// that turned out right, and fails at the first that did not.
'use strict'
const assert = require('node:assert/strict')
const { once } = require('node:events')
const WebSocket = require('ws')

const say = (...words) => console.log(...words)

const open = async (url, ...rest) => {
  const ws = new WebSocket(url, ...rest)
  await once(ws, 'open')
  return ws
}

// ask sends one message and returns the answer. It listens first.
const ask = async (ws, message, options) => {
  const answer = once(ws, 'message')
  ws.send(message, options)
  const [data, binary] = await answer
  return binary ? data : data.toString()
}

// ending tells how a connection ends. An error that comes before is of no
// interest: ws reports that a server closes while it is still sending.
const ending = (ws) => new Promise((resolve) => {
  ws.on('error', () => {})
  ws.on('close', (code, reason) => resolve(`${code} ${reason}`.trim()))
})

const close = (ws, ...args) => {
  const end = ending(ws)
  ws.close(...args)
  return end
}

const sizes = [0, 1, 125, 126, 127, 65535, 65536, 1 << 20]

const conversations = {
  // echo needs a server that takes messages of at most 1 MiB.
  async echo(url) {
    let ws = await open(url)
    say('open:', JSON.stringify(ws.protocol), JSON.stringify(ws.extensions))

    for (const n of sizes) {
      const text = 'é'.repeat(n / 2) + 'x'.repeat(n % 2)
      assert.equal(await ask(ws, text), text)
    }
    say('text:', sizes.join(' '))

    for (const n of sizes) {
      const bytes = Buffer.alloc(n)
      for (let i = 0; i < n; i++) bytes[i] = i * 31
      const answer = await ask(ws, bytes)
      assert.ok(Buffer.isBuffer(answer) && answer.equals(bytes))
    }
    say('binary:', sizes.join(' '))

    // A ping between two fragments is answered before the message is whole.
    // The cut goes through the two bytes of é.
    const whole = Buffer.from('fragmé')
    const events = []
    ws.once('pong', (data) => events.push(`pong ${data}`))
    const answer = once(ws, 'message')
    ws.send(whole.subarray(0, 6), { binary: false, fin: false })
    ws.ping('between')
    ws.send(whole.subarray(6), { binary: false, fin: false })
    ws.send('', { fin: true })
    events.push(`message ${(await answer)[0]}`)
    say('fragments:', events.join(', '))

    const pong = once(ws, 'pong')
    ws.ping(Buffer.alloc(125, 7))
    assert.ok((await pong)[0].equals(Buffer.alloc(125, 7)))
    ws.pong('nobody asked') // RFC 6455 section 5.5.3 allows it
    assert.equal(await ask(ws, 'still there'), 'still there')
    say('ping: 125 bytes')

    // Many in one packet come back in order.
    const got = []
    const all = new Promise((resolve) => {
      ws.on('message', (data) => { if (got.push(Number(data)) === 1000) resolve() })
    })
    for (let i = 0; i < 1000; i++) ws.send(String(i))
    await all
    assert.ok(got.every((n, i) => n === i))
    say('in order: 1000')

    say('close with reason:', await close(ws, 4001, 'so long'))
    say('close without code:', await close(await open(url)))

    const bad = {
      'not UTF-8': [Buffer.from([0x66, 0xff]), { binary: false }],
      'not masked': ['x', { mask: false }],
      'too long': [Buffer.alloc((1 << 20) + 1)]
    }
    for (const [what, args] of Object.entries(bad)) {
      ws = await open(url)
      const end = ending(ws)
      ws.send(...args)
      say(`${what}:`, (await end).split(' ')[0])
    }

    const many = await Promise.all(Array.from({ length: 200 }, () => open(url)))
    await Promise.all(many.map(async (ws, i) => assert.equal(await ask(ws, `I am ${i}`), `I am ${i}`)))
    const ends = new Set(await Promise.all(many.map((ws) => close(ws, 1000))))
    say('200 connections:', ...ends)

    ws = new WebSocket(new URL('/elsewhere', url))
    const [request, response] = await once(ws, 'unexpected-response')
    say('elsewhere:', response.statusCode)
    request.destroy()
  },

  async unix(url) {
    const ws = await open(url)
    say(await ask(ws, 'over a Unix socket'))
    say(await close(ws, 1000))
  },

  async greet(url) {
    const ws = await open(url)
    const end = ending(ws)
    say(await ask(ws, 'Hello Server! Greetings.'))
    say(await end)
  },

  async broadcast(url) {
    const all = await Promise.all(Array.from({ length: 50 }, () => open(url)))
    const heard = all.map((ws) => once(ws, 'message'))
    all[0].send('to all of you')
    const texts = new Set((await Promise.all(heard)).map(([data]) => data.toString()))
    say(all.length, 'heard:', ...texts)
    await Promise.all(all.map((ws) => close(ws)))
  },

  // pings needs a server that sends some. A client that answers none is given
  // up; others are not.
  async pings(url) {
    const ws = await open(url)
    const deaf = await open(url, { autoPong: false })
    const end = ending(deaf)
    for (let i = 0; i < 3; i++) await once(ws, 'ping')
    say('deaf:', await end)
    say(await ask(ws, 'still there'))
    say(await close(ws, 1000))
  },

  // hold waits for the server to end it.
  async hold(url) {
    const ws = await open(url)
    const end = ending(ws)
    say(await ask(ws, 'holding'))
    say(await end)
  }
}

const [name, ...urls] = process.argv.slice(2)
conversations[name](...urls).catch((err) => {
  console.error(err)
  process.exitCode = 1
  setImmediate(() => process.exit())
})

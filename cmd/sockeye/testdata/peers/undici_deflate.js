// Talks to echo servers through undici, which is what Node's own WebSocket and
// fetch are made of. Its arguments are URLs. It always offers
// permessage-deflate, inflates what comes, and sends neither compressed messages
// nor fragments. It prints a line for each thing that turned out right, and
// fails at the first that did not.
'use strict'
const assert = require('node:assert/strict')
const { once } = require('node:events')
const { WebSocket } = require('undici')
const { sizes, periods, text, bytes, many, say, run } = require('./samples.js')

async function converse (url) {
  const ws = new WebSocket(url)
  ws.binaryType = 'arraybuffer'
  const failed = once(ws, 'error').then(([{ error }]) => { throw error })
  const event = async (type) => (await Promise.race([once(ws, type), failed]))[0]
  await event('open')
  say('extensions:', ws.extensions)

  const expect = async (answer, message) => {
    const { data } = await answer
    if (typeof message === 'string') assert.equal(data, message)
    else assert.ok(message.equals(Buffer.from(data)))
  }
  const echo = async (message) => {
    const answer = event('message')
    ws.send(message)
    await expect(answer, message)
  }
  for (const n of sizes) await echo(text(n))
  say('text:', ...sizes)
  for (const n of sizes.slice(0, -1)) await echo(bytes(n, 999))
  say('binary:', ...sizes.slice(0, -1))
  for (const n of periods) await echo(bytes(40_000, n))
  say('periods:', ...periods)

  const list = many()
  const got = []
  const all = new Promise((resolve) => {
    ws.addEventListener('message', ({ data }) => { if (got.push(data) === list.length) resolve() })
  })
  for (const m of list) ws.send(m)
  await all
  for (const [i, m] of list.entries()) await expect({ data: got[i] }, m)
  say('in order:', list.length)

  const end = event('close')
  ws.close(4001, 'so long')
  const { code, wasClean } = await end
  say('close:', code, wasClean)
}

run(async () => {
  for (const url of process.argv.slice(2)) await converse(url)
})

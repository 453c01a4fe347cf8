// What the conversations of ws_deflate.js and undici_deflate.js are made of.
'use strict'
const crypto = require('node:crypto')

exports.sizes = [0, 1, 125, 126, 127, 65535, 65536, 200 << 10, 1 << 20]

// Repeats at these distances tempt a compressor to reach back further than the
// window of 2^8 to 2^15 bytes that was agreed on. zlib refuses what does.
exports.periods = [250, 260, 500, 600, 1100, 2100, 4200, 9000, 17000, 33000]

// text has n bytes in UTF-8, in characters of one to four of them.
exports.text = (n) => {
  let s = ''
  for (let i = 0; n > 40; i++) {
    const piece = `${i} Grüße, 世界 🐟; `
    s += piece
    n -= Buffer.byteLength(piece)
  }
  return s + 'x'.repeat(n)
}

// bytes are random ones, the same again after a period.
exports.bytes = (n, period = n) => {
  const block = crypto.randomBytes(period)
  const b = Buffer.alloc(n)
  for (let i = 0; i < n; i += period) block.copy(b, i)
  return b
}

// many are messages to be sent without waiting for an answer.
exports.many = () => Array.from({ length: 200 }, (_, i) =>
  i % 3 ? exports.text(i * i % 2003) : exports.bytes(i * i % 2003))

exports.say = (...words) => console.log(...words)

// run holds a conversation, and fails as it does.
exports.run = (conversation) => conversation().catch((err) => {
  console.error(err)
  process.exitCode = 1
  setImmediate(() => process.exit())
})

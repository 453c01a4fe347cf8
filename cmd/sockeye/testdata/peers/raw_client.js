// A TCP and UDP client on Node's own sockets. Its arguments are the name of a
// conversation, a host and a port. It prints what it learned.
'use strict'
const assert = require('node:assert/strict')
const { once } = require('node:events')
const dgram = require('node:dgram')
const net = require('node:net')

const conversations = {
  // half sends 4 MiB and FIN before it reads anything: all of it must come back.
  async half(host, port) {
    const sent = Buffer.alloc(4 << 20)
    for (let i = 0; i < sent.length; i++) sent[i] = i * 131 >> 3
    const socket = net.connect({ host, port, allowHalfOpen: true })
    await once(socket, 'connect')
    socket.end(sent)
    await once(socket, 'finish')
    const got = Buffer.concat(await socket.toArray())
    assert.ok(got.equals(sent))
    console.log('bytes after FIN:', got.length)
  },

  async udp(host, port) {
    const socket = dgram.createSocket('udp4')
    for (const n of [1, 1200, 9000, 65507]) { // the last is the most that IPv4 carries
      const answer = once(socket, 'message')
      const sent = Buffer.alloc(n, n)
      socket.send(sent, port, host)
      assert.ok((await answer)[0].equals(sent))
      console.log('datagram:', n)
    }
    socket.close()
  }
}

const [name, host, port] = process.argv.slice(2)
conversations[name](host, Number(port)).catch((err) => {
  console.error(err)
  process.exit(1)
})

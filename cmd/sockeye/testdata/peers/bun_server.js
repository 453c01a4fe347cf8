// WebSocket echo servers on Bun, one for each argument, its perMessageDeflate
// option as JSON; every message is sent compressed. They print their ports, a
// line each, in order.
for (const option of Bun.argv.slice(2)) {
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: (request, server) => server.upgrade(request) ? undefined : new Response('', { status: 400 }),
    websocket: {
      perMessageDeflate: JSON.parse(option),
      message: (ws, data) => { ws.send(data, true) }
    }
  })
  console.log(server.port)
}

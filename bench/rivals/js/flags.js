// The flags of the rivals: --listen HOST:PORT and --handler echo|broadcast.
'use strict';

const { parseArgs } = require('node:util');

module.exports = function flags() {
  const { values } = parseArgs({
    options: {
      listen: { type: 'string', default: '127.0.0.1:0' },
      handler: { type: 'string', default: 'echo' },
    },
  });
  if (values.handler !== 'echo' && values.handler !== 'broadcast') {
    throw new Error(`handler ${values.handler}: want echo or broadcast`);
  }
  const at = values.listen.lastIndexOf(':');
  return { handler: values.handler, host: values.listen.slice(0, at), port: Number(values.listen.slice(at + 1)) };
};

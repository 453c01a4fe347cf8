package load

var Payload = payload

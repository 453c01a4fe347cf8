package codec_test

import (
	"errors"
	"fmt"

	"github.com/sockeye-io/sockeye/codec"
)

// Next is called until it has no more; what is left waits for more bytes.
func Example() {
	var framing codec.Framing = codec.Line{Max: 80}
	received := []byte("first\nsecond\r\nthi")
	for {
		msg, n, err := framing.Next(received)
		if err != nil {
			fmt.Println(err)
			return
		}
		if n == 0 {
			break
		}
		fmt.Printf("%q\n", msg)
		received = received[n:]
	}
	fmt.Printf("%q waits\n", received)
	// Output:
	// "first"
	// "second"
	// "thi" waits
}

func ExampleLine() {
	strict := codec.Line{CRLF: true, Max: 80}
	out, _ := strict.Append(nil, []byte("QUIT"))
	fmt.Printf("%q\n", out)
	_, _, err := strict.Next([]byte("QUIT\n"))
	fmt.Println(err)
	fmt.Println(errors.Is(err, codec.ErrMalformed))
	// Output:
	// "QUIT\r\n"
	// codec: malformed message: LF without CR
	// true
}

func ExampleDelimiter() {
	framing := codec.Delimiter{Sequence: "\x00"}
	msg, n, _ := framing.Next([]byte("<a/>\x00<b/>"))
	fmt.Printf("%q took %d bytes\n", msg, n)
	// Output:
	// "<a/>" took 5 bytes
}

func ExampleFixed() {
	framing := codec.Fixed{Size: 4}
	msg, n, _ := framing.Next([]byte("abcdef"))
	fmt.Printf("%q took %d bytes\n", msg, n)
	// Output:
	// "abcd" took 4 bytes
}

func ExampleLengthPrefix() {
	framing := codec.LengthPrefix{Width: 2}
	out, _ := framing.Append(nil, []byte("hello"))
	fmt.Printf("%q\n", out)
	msg, _, _ := framing.Next(out)
	fmt.Printf("%q\n", msg)
	// Output:
	// "\x00\x05hello"
	// "hello"
}

// The packets of MySQL have a length of three bytes, which does not count the sequence number behind it.
func ExampleLengthPrefix_mysql() {
	framing := codec.LengthPrefix{Width: 3, LittleEndian: true, LengthAdjust: 1}
	out, _ := framing.Append(nil, []byte("\x00\x0e")) // sequence number 0, COM_PING
	fmt.Printf("%q\n", out)
	// Output:
	// "\x01\x00\x00\x00\x0e"
}

// The packets of MQTT begin with a byte for the kind and a varint. Whoever handles them needs the kind, so the header stays in the
// message; Append fills in the length.
func ExampleLengthPrefix_mqtt() {
	framing := codec.LengthPrefix{Width: codec.Varint, LengthOffset: 1, Strip: -1, Max: 1 << 16}
	out, _ := framing.Append(nil, []byte("\x40\x00\x12\x34")) // PUBACK of packet 0x1234, length still 0
	fmt.Printf("%q\n", out)
	msg, _, _ := framing.Next(out)
	fmt.Printf("%q\n", msg)
	// Output:
	// "@\x02\x124"
	// "@\x02\x124"
}

func ExampleValidate() {
	fmt.Println(codec.Validate(codec.LengthPrefix{Width: codec.Varint, Inclusive: true}))
	// Output:
	// codec: invalid framing: LengthPrefix: Inclusive, but a Varint cannot count itself
}

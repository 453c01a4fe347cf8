package probe_test

import (
	"net"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/bench/probe"
)

func TestKernelRecorded(t *testing.T) {
	t.Parallel()
	page := int64(os.Getpagesize())
	want := probe.KernelMemory{
		Caches: map[string]int64{
			"request_sock_TCP": 11 * page, "TCP": 10049 * 8 * page / 13, "ep_head": 22 * page,
			"sock_inode_cache": 534 * 4 * page, "filp": 10593 * page / 21,
			"dentry": 10015 * page / 21, "lsm_inode_cache": 10015 * page / 128, // of the sockets alone
		},
		SlabAll: 587092 << 10,
		TCP:     187 * page,
		Sockets: 10015,
	}
	for _, n := range want.Caches {
		want.Slab += n
	}
	got, err := probe.KernelAt("testdata/recorded")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got.Bytes() != want.Slab+want.TCP {
		t.Errorf("%d bytes in all", got.Bytes())
	}
}

func TestKernelWithoutSlabinfo(t *testing.T) {
	t.Parallel()
	got, err := probe.KernelAt(recorded(t, "proc/slabinfo"))
	if err != nil {
		t.Fatal(err)
	}
	if got.Slab != 0 || got.Caches != nil || got.Bytes() != got.SlabAll+got.TCP || got.SlabAll == 0 {
		t.Errorf("%+v", got)
	}
	for _, without := range []string{"proc/meminfo", "proc/net/sockstat"} {
		if _, err := probe.KernelAt(recorded(t, without)); err == nil {
			t.Errorf("without %s: no error", without)
		}
	}
}

// TestKernelSeesConnections opens some, and finds about what a TCP socket is known to cost: 2 to 6 KB. The kernel is the
// whole machine's, where other tests open and close theirs: one calm moment in many is enough.
func TestKernelSeesConnections(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	const tries = 25
	for try := range tries {
		each, sockets := kernelPerSocket(t, ln)
		t.Logf("%.0f bytes a socket, %.2f of them are counted", each, sockets)
		if each > 1000 && each < 10_000 && sockets > 0.5 && sockets < 2 {
			return
		}
		if try == tries-1 {
			t.Errorf("not once what sockets cost")
		}
	}
}

// kernelPerSocket opens connections and tells what the kernel holds for each of their sockets, and how many sockets it
// counts for each of them.
func kernelPerSocket(t *testing.T, ln net.Listener) (bytes, sockets float64) {
	t.Helper()
	before, err := probe.Kernel()
	if err != nil {
		t.Fatal(err)
	}
	if before.Slab == 0 {
		t.Skip("needs root, to read /proc/slabinfo")
	}
	const n = 400 // of either end; many systems allow 1024 descriptors
	for range n {
		c, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		a, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
	}
	after, err := probe.Kernel()
	if err != nil {
		t.Fatal(err)
	}
	return float64(after.Slab-before.Slab) / (2 * n), float64(after.Sockets-before.Sockets) / (2 * n)
}

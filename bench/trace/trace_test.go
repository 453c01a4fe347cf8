package trace_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/bench/trace"
)

func TestCountText(t *testing.T) {
	const text = `5177  epoll_pwait(4<anon_inode:[eventpoll]>,  <unfinished ...>
5175  futex(0x5a3f88, FUTEX_WAIT_PRIVATE, 0, NULL <unfinished ...>
5177  <... epoll_pwait resumed>[{events=EPOLLIN, data={u32=9, u64=9}}], 128, -1, NULL, 0) = 1
5176  restart_syscall(<... resuming interrupted nanosleep ...>) = 0
5177  read(9<TCP:[127.0.0.1:34651->127.0.1.1:40112]>, ""..., 65536) = 26
5177  write(9<TCP:[127.0.0.1:34651->127.0.1.1:40112]>, ""..., 22) = 22
5177  writev(9<TCP:[127.0.0.1:34651->127.0.1.1:40112]>, [{iov_base=""..., iov_len=4}], 1) = 4
5177  read(5<anon_inode:[eventfd]>, "\1\0\0\0\0\0\0\0", 8) = 8
5177  recvfrom(10<TCPv6:[[::1]:34651->[::1]:40112]>, 0xc000, 512, 0, NULL, NULL) = -1 EAGAIN
5177  read(6<TCP:[127.0.0.1:34651]>, 0xc000, 512) = -1 EAGAIN
5177  +++ exited with 0 +++
`
	got := trace.CountText([]byte(text))
	want := trace.Calls{
		TCP:   map[string]int{"read": 1, "write": 1, "writev": 1, "recvfrom": 1},
		Other: map[string]int{"epoll_pwait": 1, "futex": 1, "read": 2},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got.Reads() != 2 || got.Writes() != 2 || got.Waits() != 1 || got.Total() != 8 {
		t.Errorf("%d reads, %d writes, %d waits, %d in all", got.Reads(), got.Writes(), got.Waits(), got.Total())
	}
}

package guest

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sockeye-io/sockeye/bench/million"
	"github.com/sockeye-io/sockeye/bench/probe"
)

// descriptors is enough for a million connections and some more; the kernel takes no table larger than fs.nr_open.
const descriptors = 2_200_000

// setUp makes the bare kernel a machine: file systems, the loopback interface, and limits that no connection meets.
func setUp() (*million.Boot, error) {
	for _, m := range [...]struct{ kind, at string }{{"proc", "/proc"}, {"sysfs", "/sys"}} {
		if err := unix.Mount(m.kind, m.at, m.kind, 0, ""); err != nil {
			return nil, fmt.Errorf("guest: mount %s: %w", m.at, err)
		}
	}
	host, err := probe.Host()
	if err != nil {
		return nil, err
	}
	if err := setLimits(host.MemoryBytes / int64(os.Getpagesize())); err != nil {
		return nil, err
	}
	if err := loopback(); err != nil {
		return nil, err
	}
	return &million.Boot{
		Kernel: host.Kernel, MemoryBytes: host.MemoryBytes, Processors: runtime.NumCPU(), DescriptorLimit: descriptors,
	}, nil
}

func setLimits(pages int64) error {
	for _, s := range [...]struct{ name, value string }{
		{"fs/nr_open", strconv.Itoa(2 * descriptors)},
		{"fs/file-max", strconv.Itoa(4 * descriptors)},
		{"fs/epoll/max_user_watches", strconv.Itoa(4 * descriptors)},
		{"net/core/somaxconn", "65535"},
		{"net/ipv4/tcp_max_syn_backlog", "65535"},
		{"net/ipv4/tcp_syncookies", "0"}, // or a burst of connects loses its options
		{"net/ipv4/ip_local_port_range", "1024 65535"},
		// The kernel sorts timers of minutes into buckets of half a minute and more, so all connections of a bucket ask at
		// once whether their peer is alive. What loopback cannot queue of that is lost without a word, and a connection
		// that was not answered four times is reset.
		{"net/core/netdev_max_backlog", strconv.Itoa(descriptors)},
		// Pages of socket buffers, all together. Idle connections have none; the default would do, but be certain.
		{"net/ipv4/tcp_mem", fmt.Sprintf("%d %d %d", pages/4, pages/3, pages/2)},
		{"net/ipv4/tcp_max_orphans", strconv.Itoa(descriptors)},
		// The kernel remembers closed connections for a minute; not many here, so that the slab shows what is left.
		{"net/ipv4/tcp_max_tw_buckets", "10000"},
		{"vm/overcommit_memory", "1"}, // Go reserves much more address space than it uses
	} {
		err := os.WriteFile("/proc/sys/"+s.name, []byte(s.value), 0)
		if err != nil && !errors.Is(err, os.ErrNotExist) { // a kernel without a limit needs it not raised
			return fmt.Errorf("guest: %w", err)
		}
	}
	// By package syscall, because that remembers not to give children the limit from before.
	lim := syscall.Rlimit{Cur: descriptors, Max: descriptors}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &lim); err != nil {
		return fmt.Errorf("guest: limit of descriptors: %w", err)
	}
	return nil
}

// loopback brings the interface lo up. All of 127.0.0.0/8 is local then.
func loopback() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("guest: %w", err)
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return fmt.Errorf("guest: %w", err)
	}
	lo.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo); err != nil {
		return fmt.Errorf("guest: bring lo up: %w", err)
	}
	return nil
}

// spare keeps the kernel from ending p for want of memory. The server is the one to go: it is what grows.
func spare(p probe.Process) error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/oom_score_adj", int(p)), []byte("-1000"), 0)
}

package probe

import (
	"errors"
	"io/fs"
	"os"

	"github.com/prometheus/procfs"
)

// KernelMemory is what the kernel holds for the sockets of the whole machine, in bytes. What connections cost is the
// difference of two, one taken with them and one without, while the rest of the machine is at rest. On loopback both
// ends are in it.
type KernelMemory struct {
	// Slab is the objects in use of the caches for TCP sockets and what hangs on each: inode, file, epoll's entries,
	// each with its share of the pages. (Pages that earlier connections have left half full take new ones without
	// growing.) Of the caches that all files of the machine share, with or without a descriptor, one object for each
	// socket is counted. Zero if /proc/slabinfo cannot be read, which is root's alone.
	Slab int64
	// Caches has the parts of Slab by the kernel's names. A name that the kernel has merged with a cache of another
	// purpose is missing; the objects of 128 bytes and less are those that matter least.
	Caches map[string]int64
	// SlabAll is all object caches of the kernel. Anything that touches files moves it.
	SlabAll int64
	// TCP is the pages with data in the queues of TCP sockets. The kernel keeps account of it in lots of up to 1 MiB
	// for each processor.
	TCP int64
	// Sockets is how many there are of any family, in this network namespace.
	Sockets int64
}

// Bytes is the best total there is: Slab, or else SlabAll, and TCP.
func (k KernelMemory) Bytes() int64 {
	if k.Slab > 0 {
		return k.Slab + k.TCP
	}
	return k.SlabAll + k.TCP
}

// Kernel reads /proc/slabinfo if it may, /proc/meminfo and /proc/net/sockstat. It takes some milliseconds.
func Kernel() (KernelMemory, error) { return kernel("/") }

// socketCaches are the names that a TCP connection or what it rests on may have objects in. Those of packets are there
// too: an idle connection has none, but a busy one leaves some behind.
var socketCaches = map[string]bool{
	"TCP": true, "TCPv6": true, "request_sock_TCP": true, "request_sock_TCPv6": true,
	"tcp_bind_bucket": true, "tcp_bind2_bucket": true,
	"sock_inode_cache": true, "filp": true, "lsm_file_cache": true,
	"eventpoll_epi": true, "eventpoll_pwq": true, "ep_head": true,
	"skbuff_head_cache": true, "skbuff_fclone_cache": true, "skbuff_small_head": true,
}

// fileCaches are of every file that was looked at lately. A socket has one object in each.
var fileCaches = map[string]bool{"dentry": true, "lsm_inode_cache": true}

func kernel(root string) (KernelMemory, error) {
	proc, err := procAt(root)
	if err != nil {
		return KernelMemory{}, err
	}
	var k KernelMemory
	meminfo, err := proc.Meminfo()
	if err != nil {
		return KernelMemory{}, wrap(err)
	}
	if meminfo.SlabBytes != nil {
		k.SlabAll = int64(*meminfo.SlabBytes)
	}
	stat, err := proc.NetSockstat()
	if err != nil {
		return KernelMemory{}, wrap(err)
	}
	page := int64(os.Getpagesize())
	if stat.Used != nil {
		k.Sockets = int64(*stat.Used)
	}
	for _, p := range stat.Protocols {
		if p.Protocol == "TCP" && p.Mem != nil {
			k.TCP = int64(*p.Mem) * page
		}
	}
	info, err := proc.SlabInfo()
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, fs.ErrNotExist):
		return k, nil
	case err != nil:
		return KernelMemory{}, wrap(err)
	}
	k.addCaches(info, page)
	return k, nil
}

func (k *KernelMemory) addCaches(info procfs.SlabInfo, page int64) {
	k.Caches = make(map[string]int64, len(socketCaches)+len(fileCaches))
	for _, s := range info.Slabs {
		if s.ObjPerSlab == 0 {
			continue
		}
		objects := s.ObjActive
		switch {
		case fileCaches[s.Name]:
			objects = k.Sockets
		case !socketCaches[s.Name]:
			continue
		}
		k.Caches[s.Name] = objects * s.PagesPerSlab * page / s.ObjPerSlab
		k.Slab += k.Caches[s.Name]
	}
}

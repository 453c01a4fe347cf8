// Package attack plays the hostile peer against a server in a process of its own. It has nothing but tests: each lets
// peers do one thing that costs them little, and holds three claims about the server meanwhile.
//
//   - Its RSS grows by no more than a bound that the test states with a reason. The bound is held against the peak that
//     the kernel has kept (VmHWM), so nothing between two samples is missed.
//   - Other connections are served: a set of witnesses echoes all the time and every answer must come.
//   - An operator can see it: the counter that stands for the attack has moved by as much as was done.
//
// Nothing here looks at time. The memory of the kernel's socket buffers is not in RSS and has its own limits (tcp_rmem,
// tcp_wmem).
package attack

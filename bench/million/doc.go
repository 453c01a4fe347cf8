// Package million holds a million connections on one small machine and tells what they cost.
//
// A process may have only so many descriptors, and on a rented machine or in a container nobody may raise that limit.
// So the proof brings its own kernel: user-mode Linux, which Debian has as a package, runs as an ordinary process and
// has limits of its own. In it live the server, the load (bench/load, both ends of every connection are in the guest)
// and, as the first process, package guest, which gives the load its orders and prints what it sees as Lines. The host
// side, this package, builds the programs, boots the guest, reads the lines and makes a Report of them.
//
// The command is bench/cmd/million; README.md says how to run it and what came out.
package million

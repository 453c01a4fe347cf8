// Package report renders a result.File for people and for other programs: a table for a terminal, a page with plots,
// the format that benchstat reads, the comparison of two files, and thresholds. It measures nothing, and changes
// nothing in a File.
package report

// Package guest is the first process of the guest that package million boots. It makes a machine of the bare kernel,
// starts the server and the load, goes through the job and prints Lines; then it switches the guest off.
package guest

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockeye-io/sockeye/bench/million"
)

// Main does the job and switches off. It returns only where it is not the first process of a machine.
func Main(out io.Writer) error {
	if os.Getpid() != 1 {
		return fmt.Errorf("guest: this is no guest: process %d and not 1", os.Getpid())
	}
	end := run(out)
	line := million.Line{End: end}
	_ = line.Encode(out)
	unix.Sync()
	return unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
}

func run(out io.Writer) *million.End {
	c := &course{began: time.Now(), out: out}
	boot, err := setUp()
	if err == nil {
		c.say(million.Line{Boot: boot})
		err = c.readJob()
	}
	if err == nil {
		err = c.run()
	}
	return c.end(err)
}

func (c *course) readJob() error {
	text, err := os.ReadFile(million.JobFile)
	if err != nil {
		return fmt.Errorf("guest: %w", err)
	}
	if err := json.Unmarshal(text, &c.job); err != nil {
		return fmt.Errorf("guest: %s: %w", million.JobFile, err)
	}
	return nil
}

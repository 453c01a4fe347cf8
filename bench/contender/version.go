package contender

import (
	"debug/buildinfo"
	"fmt"
)

// goVersion asks an executable for the version of a module in it, for that of its own if library is empty, or with
// "std" for that of Go.
func goVersion(path, library string) (string, error) {
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return "", err
	}
	switch library {
	case "":
		return info.Main.Version, nil
	case "std":
		return info.GoVersion, nil
	}
	for _, m := range info.Deps {
		if m.Path == library {
			return m.Version, nil
		}
	}
	return "", fmt.Errorf("%s has no module %s in it", path, library)
}

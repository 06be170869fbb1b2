package control

import "strings"

// Dialled is a telephone number as people type it, as it is dialled and as lines signal it: +44,
// 0044 and the (0) after them become the 0 before the area. It is empty if nothing can be dialled.
func Dialled(typed string) string {
	d := strings.Map(func(r rune) rune {
		if strings.ContainsRune("0123456789*#", r) {
			return r
		}
		return -1
	}, typed)
	rest, abroad := strings.CutPrefix(d, "0044")
	if !abroad && strings.HasPrefix(strings.TrimSpace(typed), "+") {
		rest, abroad = strings.CutPrefix(d, "44")
	}
	if abroad {
		return "0" + strings.TrimPrefix(rest, "0")
	}
	return d
}

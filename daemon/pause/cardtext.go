package pause

// HoldsCard reports whether text has 13 to 19 digits in a row, but for spaces and hyphens,
// that check as a card number does (ISO/IEC 7812-1, Luhn).
func HoldsCard(text string) bool {
	var digits []int
	for _, c := range text + "." {
		switch {
		case c >= '0' && c <= '9':
			digits = append(digits, int(c-'0'))
		case c == ' ' || c == '-':
		default:
			if len(digits) >= 13 && len(digits) <= 19 && luhn(digits) {
				return true
			}
			digits = digits[:0]
		}
	}
	return false
}

func luhn(digits []int) bool {
	sum := 0
	for i, d := range digits {
		if (len(digits)-i)%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

# brief.awk: of what `go test -v` prints, all of a package that failed, and of one that passed
# its verdict and the tests that it skipped, with their reasons, which go before.
/^=== / { mine = n; next }
{ seen[n++] = $0 }
/^ *--- / {
	if (/^ *--- SKIP/) for (i = mine; i < n; i++) show[i] = 1
	mine = n
}
/^(ok|FAIL|\?)[ \t]/ {
	for (i = 0; i < n; i++) if ($1 == "FAIL" || show[i] || i == n - 1) print seen[i]
	delete show
	n = mine = 0
	fflush()
}
END { for (i = 0; i < n; i++) print seen[i] }

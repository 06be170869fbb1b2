# brief.awk: of what `go test -v` prints, all of a package that failed, and of one that passed
# its verdict and the tests that it skipped, with their reasons.
/^=== / { next }
{ seen[n++] = $0 }
/^(ok|FAIL|\?)[ \t]/ {
	skipped = 0
	for (i = 0; i < n; i++) {
		if (seen[i] ~ /^ *--- /) skipped = seen[i] ~ /^ *--- SKIP/
		if ($1 == "FAIL" || skipped && i < n - 1 || i == n - 1) print seen[i]
	}
	n = 0
	fflush()
}
END { for (i = 0; i < n; i++) print seen[i] }

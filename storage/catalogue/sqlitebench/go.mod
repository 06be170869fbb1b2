module linevault/storage/catalogue/sqlitebench

go 1.26

require linevault v0.0.0

require github.com/mattn/go-sqlite3 v1.14.53

require golang.org/x/sys v0.45.0 // indirect

replace linevault => ../../..

package app

import "database/sql"

func open(password string) {
	// ruleid: go.secrets.password-in-address
	sql.Open("postgres", "postgres://app:tiger42@db/app")
	// ruleid: go.secrets.password-in-address
	sql.Open("mysql", "app:tiger42@tcp(db:3306)/app")
	// ok: go.secrets.password-in-address
	sql.Open("postgres", "postgres://db/app")
	// ok: go.secrets.password-in-address
	sql.Open("postgres", os.Getenv("DATABASE"))
	// ruleid: go.secrets.compared-with-constant
	if password == "letmein123" {
		return
	}
	// ok: go.secrets.compared-with-constant
	if password == "" {
		return
	}
}

package app

import (
	"database/sql"
	"fmt"
	"net/http"
	"os/exec"
	"strconv"
)

func users(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("name")
	// ruleid: go.injection.tainted-sql, go.injection.value-in-sql-text
	db.Query("SELECT * FROM users WHERE name = '" + name + "'")
	// ruleid: go.injection.tainted-sql, go.injection.value-in-sql-text
	db.Query(fmt.Sprintf("SELECT * FROM users WHERE name = '%s'", r.FormValue("name")))
	// ruleid: go.injection.value-in-sql-text
	query := fmt.Sprintf("DELETE FROM users WHERE name = '%s'", name)
	// ruleid: go.injection.tainted-sql
	db.ExecContext(ctx, query)
	var order Order
	json.NewDecoder(r.Body).Decode(&order)
	// ruleid: go.injection.tainted-sql
	db.Exec("INSERT INTO orders " + order.Name)
	// ok: go.injection.tainted-sql, go.injection.value-in-sql-text
	db.Query("SELECT * FROM users WHERE name = ?", name)
	id, err := strconv.Atoi(r.FormValue("id"))
	// ok: go.injection.tainted-sql
	db.Query(fmt.Sprintf("SELECT * FROM users LIMIT %d", id))
	if !slices.Contains(columns, name) {
		return
	}
	// ok: go.injection.tainted-sql
	db.Query("SELECT * FROM users ORDER BY " + name)
	// ok: go.injection.tainted-sql
	menu.Select(r.FormValue("entry"))
}

func listed(c *gin.Context) {
	// ruleid: go.injection.tainted-sql
	db.Raw("SELECT * FROM users ORDER BY " + c.Query("sort")).Scan(&rows)
	var input Input
	c.ShouldBindJSON(&input)
	// ruleid: go.injection.tainted-sql
	db.Where("name = '" + input.Name + "'").Find(&rows)
	// ok: go.injection.tainted-sql
	db.Where("name = ?", input.Name).Find(&rows)
}

func find(name string, age int) error {
	// ruleid: go.injection.parameter-in-sql, go.injection.value-in-sql-text
	db.QueryRow("SELECT * FROM users WHERE name = '" + name + "'")
	// ok: go.injection.parameter-in-sql
	db.QueryRow("SELECT * FROM users WHERE name = $1", name)
	// ok: go.injection.parameter-in-sql
	db.QueryRow(fmt.Sprintf("SELECT * FROM users LIMIT %d", age))
	return nil
}

func tools(w http.ResponseWriter, r *http.Request) {
	host := r.FormValue("host")
	// ruleid: go.injection.tainted-command, go.injection.text-in-shell-command
	exec.Command("sh", "-c", "ping "+host).Run()
	// ruleid: go.injection.tainted-command
	exec.Command(host, "-v").Run()
	// ok: go.injection.tainted-command, go.injection.text-in-shell-command
	exec.Command("ping", "-c", "1", host).Run()
	// ok: go.injection.text-in-shell-command
	exec.Command("sh", "-c", "uptime | head").Run()
	// ruleid: go.injection.tainted-template
	template.New("page").Parse("<p>" + r.FormValue("text") + "</p>")
	// ok: go.injection.tainted-template
	template.New("page").Parse("<p>{{.}}</p>")
	// ruleid: go.injection.tainted-ldap-filter
	ldap.NewSearchRequest(base, 2, 0, 0, 0, false, fmt.Sprintf("(uid=%s)", host), nil, nil)
	// ok: go.injection.tainted-ldap-filter
	ldap.NewSearchRequest(base, 2, 0, 0, 0, false, fmt.Sprintf("(uid=%s)", ldap.EscapeFilter(host)), nil, nil)
}

func numbers(text string) {
	number, err := strconv.Atoi(text)
	// ruleid: go.injection.narrowed-number
	use(int32(number))
	// ok: go.injection.narrowed-number
	use(int64(number))
	short, err := strconv.ParseInt(text, 10, 32)
	// ok: go.injection.narrowed-number
	use(int32(short))
	port, err := strconv.Atoi(text)
	if port < 0 || port > 65535 {
		return
	}
	// ok: go.injection.narrowed-number
	use(uint16(port))
}

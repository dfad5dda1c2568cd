package app

import (
	"fmt"
	"html/template"
	"net/http"
	_ "net/http/pprof"
)

func hello(w http.ResponseWriter, r *http.Request) {
	name := r.FormValue("name")
	// ruleid: go.web.tainted-markup
	fmt.Fprintf(w, "<h1>Hello %s</h1>", name)
	// ruleid: go.web.tainted-markup
	w.Write([]byte("<h1>" + name + "</h1>"))
	// ok: go.web.tainted-markup
	fmt.Fprintf(w, "<h1>Hello %s</h1>", html.EscapeString(name))
	// ok: go.web.tainted-markup
	fmt.Fprintf(w, "<h1>Hello</h1>")
	// ruleid: go.web.unescaped-markup
	page := template.HTML(name)
	// ok: go.web.unescaped-markup
	fixed := template.HTML("<b>ready</b>")
	// ruleid: go.web.open-redirect
	http.Redirect(w, r, r.FormValue("next"), http.StatusFound)
	// ok: go.web.open-redirect
	http.Redirect(w, r, "/users/"+name, http.StatusFound)
	// ok: go.web.open-redirect
	http.Redirect(w, r, "/login", http.StatusFound)
	// ruleid: go.web.tainted-url
	http.Get(r.FormValue("url"))
	// ruleid: go.web.tainted-url
	http.Get("http://" + name + "/status")
	// ok: go.web.tainted-url
	http.Get("https://api.example/users/" + name)
}

func cookies(w http.ResponseWriter, value string) {
	// ruleid: go.web.cookie-not-secure
	http.SetCookie(w, &http.Cookie{Name: "theme", Value: value, Secure: false})
	// ok: go.web.cookie-not-secure
	http.SetCookie(w, &http.Cookie{Name: "theme", Value: value, Secure: true})
	// ruleid: go.web.cookie-without-flags
	http.SetCookie(w, &http.Cookie{Name: "session", Value: value})
	// ok: go.web.cookie-without-flags
	http.SetCookie(w, &http.Cookie{Name: "session", Value: value, HttpOnly: true, Secure: true})
	// ok: go.web.cookie-without-flags
	http.SetCookie(w, &http.Cookie{Name: "theme", Value: value})
	// ruleid: go.web.cors-any-origin
	w.Header().Set("Access-Control-Allow-Origin", "*")
	// ok: go.web.cors-any-origin
	w.Header().Set("Access-Control-Allow-Origin", "https://app.example")
}

func serve() {
	// ruleid: go.web.socket-from-any-origin
	open := websocket.Upgrader{CheckOrigin: func(r *http.Request) bool { return true }}
	// ok: go.web.socket-from-any-origin
	closed := websocket.Upgrader{ReadBufferSize: 1024}
	// ruleid: go.web.profiler-served, go.web.server-without-timeouts
	http.ListenAndServe(":8080", nil)
	// ruleid: go.web.server-without-timeouts
	http.ListenAndServe("localhost:6060", nil)
	server := &http.Server{Addr: ":8080", ReadHeaderTimeout: 5}
	// ok: go.web.server-without-timeouts, go.web.profiler-served
	server.ListenAndServe()
}

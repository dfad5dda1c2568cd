package app

import (
	"archive/zip"
	"net/http"
	"os"
	"path/filepath"
)

func file(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("name")
	// ruleid: go.path.tainted-file-path
	os.ReadFile("/data/" + name)
	// ruleid: go.path.tainted-file-path
	os.Open(filepath.Join("/data", name))
	// ruleid: go.path.tainted-file-path
	http.ServeFile(w, r, "/data/"+mux.Vars(r)["name"])
	// ok: go.path.tainted-file-path
	os.ReadFile("/data/" + filepath.Base(name))
	// ok: go.path.tainted-file-path
	os.ReadFile("/data/index.html")
	if strings.Contains(name, "..") {
		return
	}
	// ok: go.path.tainted-file-path
	os.ReadFile("/data/" + name)
}

func unpack(archive *zip.Reader, folder string) {
	for _, entry := range archive.File {
		// ruleid: go.path.archive-member-path
		os.Create(filepath.Join(folder, entry.Name))
	}
	for _, entry := range archive.File {
		target := filepath.Join(folder, entry.Name)
		if !strings.HasPrefix(target, folder) {
			continue
		}
		// ok: go.path.archive-member-path
		os.Create(target)
	}
}

func rights(path string, data []byte) {
	// ruleid: go.path.open-to-everybody
	os.Chmod(path, 0777)
	// ruleid: go.path.open-to-everybody
	os.MkdirAll(path, os.ModePerm)
	// ok: go.path.open-to-everybody
	os.WriteFile(path, data, 0o644)
	// ok: go.path.open-to-everybody
	os.MkdirAll(path, 0755)
	// ruleid: go.path.predictable-temporary-file
	os.Create("/tmp/state.json")
	// ok: go.path.predictable-temporary-file
	os.CreateTemp("", "state")
}

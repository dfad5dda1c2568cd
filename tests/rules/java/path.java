import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;

class Files2 {
  void read(HttpServletRequest request) throws Exception {
    String name = request.getParameter("name");
    // ruleid: java.path.tainted-file-path
    new FileInputStream("/data/" + name);
    // ruleid: java.path.tainted-file-path
    File file = new File(ROOT, name);
    // ruleid: java.path.tainted-file-path
    Paths.get("/data", name);
    // ok: java.path.tainted-file-path
    new File(ROOT, FilenameUtils.getName(name));
    // ok: java.path.tainted-file-path
    new File(ROOT, "index.html");
    if (name.contains("..")) {
      throw new IllegalArgumentException();
    }
    // ok: java.path.tainted-file-path
    new FileInputStream("/data/" + name);
  }

  void upload(MultipartFile file) throws Exception {
    // ruleid: java.path.tainted-file-path
    new FileOutputStream("/uploads/" + file.getOriginalFilename());
  }

  void unpack(ZipInputStream zip, File folder) throws Exception {
    ZipEntry entry = zip.getNextEntry();
    // ruleid: java.path.archive-member-path
    new FileOutputStream(new File(folder, entry.getName()));
    File target = new File(folder, entry.getName());
    if (!target.getCanonicalPath().startsWith(folder.getCanonicalPath())) {
      throw new IOException("outside");
    }
    // ok: java.path.archive-member-path
    new FileOutputStream(target);
  }

  void rights(File file) throws Exception {
    // ruleid: java.path.open-to-everybody
    file.setWritable(true, false);
    // ok: java.path.open-to-everybody
    file.setWritable(true, true);
    // ruleid: java.path.predictable-temporary-file
    new FileOutputStream("/tmp/state.json");
    // ok: java.path.predictable-temporary-file
    Path safe = Files.createTempFile("state", ".json");
    // ok: java.path.predictable-temporary-file
    new FileOutputStream("tmp/state.json");
  }
}

import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;

class Orders extends HttpServlet {
  private static final String TABLE = "orders";

  protected void doGet(HttpServletRequest request, HttpServletResponse response) throws Exception {
    String name = request.getParameter("name");
    // ruleid: java.injection.tainted-sql, java.injection.value-in-sql-text
    statement.executeQuery("SELECT * FROM users WHERE name = '" + name + "'");
    StringBuilder text = new StringBuilder("SELECT * FROM users ORDER BY ");
    text.append(request.getHeader("X-Sort"));
    // ruleid: java.injection.tainted-sql
    connection.prepareStatement(text.toString());
    // ruleid: java.injection.tainted-sql, java.injection.value-in-sql-text
    jdbcTemplate.queryForObject(String.format("SELECT * FROM users WHERE id = '%s'", name), mapper);
    // ruleid: java.injection.tainted-sql
    entityManager.createQuery("FROM User u ORDER BY u." + name);
    // ok: java.injection.tainted-sql, java.injection.value-in-sql-text
    jdbcTemplate.queryForObject("SELECT * FROM users WHERE name = ?", mapper, name);
    int number = Integer.parseInt(request.getParameter("number"));
    // ok: java.injection.tainted-sql
    statement.executeQuery("SELECT * FROM users LIMIT " + number);
    if (!COLUMNS.contains(name)) {
      return;
    }
    // ok: java.injection.tainted-sql
    statement.executeQuery("SELECT * FROM users ORDER BY " + name);
    // ok: java.injection.tainted-sql
    executor.execute(() -> log(request.getParameter("name")));
  }

  User find(String name, String table, int age) {
    // ruleid: java.injection.parameter-in-sql, java.injection.value-in-sql-text
    statement.executeQuery("SELECT * FROM users WHERE name = '" + name + "'");
    String query = "DELETE FROM users WHERE name = '" + name + "'";
    // ruleid: java.injection.parameter-in-sql
    statement.executeUpdate(query);
    // ok: java.injection.parameter-in-sql, java.injection.value-in-sql-text
    statement.executeQuery("SELECT * FROM " + TABLE + " WHERE age > 1");
    // ok: java.injection.parameter-in-sql
    statement.executeQuery("SELECT * FROM users LIMIT " + age);
    return null;
  }

  protected void run(HttpServletRequest request, HttpServletResponse response) throws Exception {
    String host = request.getParameter("host");
    // ruleid: java.injection.tainted-command, java.injection.text-in-command
    Runtime.getRuntime().exec("ping " + host);
    List<String> arguments = new ArrayList<>();
    arguments.add("sh");
    arguments.add("-c");
    arguments.add("ping " + host);
    // ruleid: java.injection.tainted-command
    new ProcessBuilder(arguments).start();
    // ruleid: java.injection.tainted-command
    Runtime.getRuntime().exec(new String[] {"ping"}, new String[] {request.getHeader("X-Env")});
    // ok: java.injection.tainted-command, java.injection.text-in-command
    Runtime.getRuntime().exec("uptime");
    int count = Integer.parseInt(request.getParameter("count"));
    // ok: java.injection.tainted-command
    new ProcessBuilder("ping", "-c", String.valueOf(count), "localhost").start();
  }

  void archive(String folder) throws Exception {
    // ruleid: java.injection.text-in-command
    new ProcessBuilder("sh", "-c", "tar cf out.tar " + folder).start();
    // ok: java.injection.text-in-command
    new ProcessBuilder("tar", "cf", "out.tar", folder).start();
  }

  void search(HttpServletRequest request) throws Exception {
    String user = request.getParameter("user");
    // ruleid: java.injection.tainted-ldap-filter
    dirContext.search("ou=people", "(uid=" + user + ")", controls);
    // ok: java.injection.tainted-ldap-filter
    dirContext.search("ou=people", "(uid={0})", new Object[] {user}, controls);
    // ok: java.injection.tainted-ldap-filter
    index.search("ou=people", user, controls);
    // ruleid: java.injection.tainted-xpath
    xpath.evaluate("//user[name='" + user + "']", document);
    // ok: java.injection.tainted-xpath
    xpath.evaluate("//user", document);
    // ruleid: java.injection.tainted-expression
    parser.parseExpression(request.getParameter("filter"));
    // ruleid: java.injection.tainted-expression, java.injection.script-from-text
    engine.eval("value = " + user);
    // ok: java.injection.tainted-expression
    parser.parseExpression("name.length()");
    // ruleid: java.injection.tainted-class
    Class.forName(request.getParameter("type"));
    // ok: java.injection.tainted-class
    Class.forName("com.example.Driver");
    // ruleid: java.injection.tainted-session-entry
    request.getSession().setAttribute("role", user);
    // ok: java.injection.tainted-session-entry
    request.getSession().setAttribute("role", "reader");
    // ok: java.injection.tainted-session-entry
    request.setAttribute("user", user);
    // ruleid: java.injection.tainted-header
    response.setHeader("X-User", user);
    // ok: java.injection.tainted-header
    response.setHeader("X-User", URLEncoder.encode(user, "UTF-8"));
    // ruleid: java.injection.tainted-log-line
    log.info("user " + user);
    // ok: java.injection.tainted-log-line
    log.info("user found");
  }

  void script(String name) {
    // ruleid: java.injection.script-from-text
    engine.eval("run('" + name + "')");
    // ok: java.injection.script-from-text
    engine.eval("run()");
    // ok: java.injection.script-from-text
    model.eval(name);
  }

  @GetMapping("/users")
  public List<User> users(@RequestParam String sort, @RequestParam("n") int n, @PathVariable("id") String id) {
    // ruleid: java.injection.tainted-sql, java.injection.parameter-in-sql
    jdbcTemplate.query("SELECT * FROM users ORDER BY " + sort, mapper);
    // ruleid: java.injection.tainted-sql, java.injection.parameter-in-sql, java.injection.value-in-sql-text
    em.createNativeQuery("SELECT * FROM users WHERE name = '" + id + "'");
    // ok: java.injection.tainted-sql, java.injection.parameter-in-sql
    return jdbcTemplate.query("SELECT * FROM users LIMIT " + n, mapper);
  }
}

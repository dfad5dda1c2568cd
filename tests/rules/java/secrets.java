import java.sql.DriverManager;

class Database {
  void open(String password) throws Exception {
    // ruleid: java.secrets.password-in-code
    DriverManager.getConnection("jdbc:postgresql://db/app", "app", "tiger42");
    // ok: java.secrets.password-in-code
    DriverManager.getConnection("jdbc:postgresql://db/app", "app", System.getenv("DB_PASSWORD"));
    // ruleid: java.secrets.password-in-code
    dataSource.setPassword("tiger42");
    // ok: java.secrets.password-in-code
    dataSource.setPassword(password);
    // ok: java.secrets.password-in-code
    dataSource.setPassword("");
    // ruleid: java.secrets.compared-with-constant
    if (password.equals("letmein123")) return;
    // ok: java.secrets.compared-with-constant
    if (password.equals("")) return;
    // ok: java.secrets.compared-with-constant
    if (name.equals("letmein123")) return;
  }
}

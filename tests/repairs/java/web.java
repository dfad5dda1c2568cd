import javax.servlet.http.Cookie;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;

class Pages {
  void show(HttpServletRequest request, HttpServletResponse response) throws Exception {
    String name = request.getParameter("name");
    // ruleid: java.web.tainted-markup
    response.getWriter().println("<h1>" + name + "</h1>");
    PrintWriter out = response.getWriter();
    // ruleid: java.web.tainted-markup
    out.write(name);
    // ok: java.web.tainted-markup
    response.getWriter().println("<h1>" + Encode.forHtml(name) + "</h1>");
    // ok: java.web.tainted-markup
    response.getWriter().println("<h1>Hello</h1>");
    // ok: java.web.tainted-markup
    System.out.println(name);
    // ruleid: java.web.open-redirect
    response.sendRedirect(request.getParameter("next"));
    // ok: java.web.open-redirect
    response.sendRedirect("/users/" + name);
    // ok: java.web.open-redirect
    response.sendRedirect("/login");
    // ruleid: java.web.tainted-url
    new URL(request.getParameter("url")).openStream();
    // ruleid: java.web.tainted-url
    restTemplate.getForObject("http://" + name + "/status", String.class);
    // ok: java.web.tainted-url
    restTemplate.getForObject("https://api.example/users/" + name, String.class);
    // ok: java.web.tainted-url
    new URL("https://api.example/").openStream();
  }

  @GetMapping("/go")
  String go(@RequestParam String target) {
    // ruleid: java.web.open-redirect
    return "redirect:" + target;
  }

  @GetMapping("/hello")
  String hello(@RequestParam String name) {
    // ruleid: java.web.tainted-response-body
    return "<h1>Hello " + name + "</h1>";
  }

  @GetMapping("/plain")
  String plain(@RequestParam String name) {
    // ok: java.web.tainted-response-body
    return "Hello " + name;
  }

  SecurityFilterChain chain(HttpSecurity http) throws Exception {
    // ruleid: java.web.csrf-off
    http.csrf().disable();
    // ruleid: java.web.csrf-off
    http.csrf(csrf -> csrf.disable());
    // ok: java.web.csrf-off
    http.csrf(csrf -> csrf.ignoringRequestMatchers("/hook"));
    // ruleid: java.web.security-headers-off
    http.headers(headers -> headers.disable());
    // ok: java.web.security-headers-off
    http.headers(headers -> headers.frameOptions(frame -> frame.sameOrigin()));
    // ruleid: java.web.everything-permitted
    http.authorizeHttpRequests(requests -> requests.anyRequest().permitAll());
    // ok: java.web.everything-permitted
    http.authorizeHttpRequests(requests -> requests.requestMatchers("/public/**").permitAll());
    // ruleid: java.web.cors-any-origin
    registry.addMapping("/**").allowedOrigins("*");
    // ok: java.web.cors-any-origin
    registry.addMapping("/**").allowedOrigins("https://app.example");
    return http.build();
  }

  void cookies(HttpServletResponse response, String value) {
    Cookie session = new Cookie("session", value);
    // ruleid: java.web.cookie-not-secure
    session.setSecure(true);
    // ok: java.web.cookie-not-secure
    session.setSecure(true);
    // ruleid: java.web.cookie-readable-by-scripts
    session.setHttpOnly(true);
    // ok: java.web.cookie-readable-by-scripts
    session.setHttpOnly(true);
    // ok: java.web.cookie-without-flags
    response.addCookie(session);
  }

  void plainCookie(HttpServletResponse response, String value) {
    Cookie session = new Cookie("session", value);
    session.setPath("/");
    // ruleid: java.web.cookie-without-flags
    response.addCookie(session);
  }

  void fail(HttpServletResponse response, Exception error) throws Exception {
    // ruleid: java.web.error-details-shown
    error.printStackTrace(response.getWriter());
    // ok: java.web.error-details-shown
    error.printStackTrace();
  }
}

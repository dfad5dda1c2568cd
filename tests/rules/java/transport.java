import javax.net.ssl.SSLContext;
import javax.net.ssl.X509TrustManager;

class TrustAll implements X509TrustManager {
  // ruleid: java.transport.certificate-unchecked
  public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {}

  public X509Certificate[] getAcceptedIssuers() {
    return null;
  }
}

class TrustSome implements X509TrustManager {
  // ok: java.transport.certificate-unchecked
  public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
    delegate.checkServerTrusted(chain, type);
  }
}

class Connections {
  void open(HttpsURLConnection connection) throws Exception {
    // ruleid: java.transport.hostname-unchecked
    connection.setHostnameVerifier((host, session) -> true);
    // ok: java.transport.hostname-unchecked
    connection.setHostnameVerifier((host, session) -> host.equals("a.example"));
    // ruleid: java.transport.old-protocol
    SSLContext.getInstance("SSLv3");
    // ok: java.transport.old-protocol
    SSLContext.getInstance("TLSv1.3");
    // ruleid: java.transport.plain-server-socket
    properties.put("mail.smtp.ssl.trust", "*");
    // ok: java.transport.plain-server-socket
    properties.put("mail.smtp.ssl.checkserveridentity", true);
  }
}

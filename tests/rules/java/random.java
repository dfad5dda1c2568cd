import java.security.SecureRandom;
import java.util.Random;

class Tokens {
  String makeToken() {
    // ruleid: java.random.not-secure
    Random random = new Random();
    // ruleid: java.random.predictable-secret
    return Long.toHexString(random.nextLong());
  }

  void login(User user) {
    // ruleid: java.random.predictable-secret, java.random.not-secure
    String resetCode = String.valueOf((int) (Math.random() * 1000000));
    SecureRandom secure = new SecureRandom();
    // ok: java.random.predictable-secret, java.random.not-secure
    String token = Long.toHexString(secure.nextLong());
    // ruleid: java.random.not-secure
    int delay = new Random().nextInt(100);
    // ruleid: java.random.seeded-secure-random
    secure.setSeed(42);
    // ok: java.random.seeded-secure-random
    secure.setSeed(seed);
    // ruleid: java.random.seeded-secure-random
    new SecureRandom("well known".getBytes());
    // ok: java.random.seeded-secure-random
    new SecureRandom();
  }
}

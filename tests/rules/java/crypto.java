import java.security.MessageDigest;
import javax.crypto.Cipher;

class Secrets {
  void hash(byte[] data, String password) throws Exception {
    // ruleid: java.crypto.weak-hash
    MessageDigest.getInstance("MD5");
    // ruleid: java.crypto.weak-hash
    java.security.MessageDigest.getInstance("SHA1", "SUN");
    // ok: java.crypto.weak-hash
    MessageDigest.getInstance("SHA-256");
    // ok: java.crypto.weak-hash
    Registry.getInstance("MD5");
    // ruleid: java.crypto.password-hashed-fast
    digest.digest(password.getBytes());
    // ok: java.crypto.password-hashed-fast
    digest.digest(data);
    // ok: java.crypto.password-hashed-fast
    encoder.encode(password);
    // ruleid: java.crypto.few-rounds
    new PBEKeySpec(chars, salt, 1000, 256);
    // ok: java.crypto.few-rounds
    new PBEKeySpec(chars, salt, 600000, 256);
    // ruleid: java.crypto.few-rounds
    new BCryptPasswordEncoder(4);
    // ok: java.crypto.few-rounds
    new BCryptPasswordEncoder(12);
    // ruleid: java.crypto.passwords-kept-as-text
    NoOpPasswordEncoder.getInstance();
    // ok: java.crypto.passwords-kept-as-text
    new BCryptPasswordEncoder();
  }

  void encrypt(byte[] key, byte[] iv) throws Exception {
    // ruleid: java.crypto.broken-cipher
    Cipher.getInstance("DES/CBC/PKCS5Padding");
    // ruleid: java.crypto.broken-cipher
    javax.crypto.KeyGenerator.getInstance("DESede");
    // ok: java.crypto.broken-cipher, java.crypto.ecb-mode
    Cipher.getInstance("AES/GCM/NoPadding");
    // ruleid: java.crypto.ecb-mode
    Cipher.getInstance("AES/ECB/PKCS5Padding");
    // ruleid: java.crypto.ecb-mode
    Cipher.getInstance("AES");
    // ok: java.crypto.ecb-mode
    KeyGenerator.getInstance("AES");
    // ruleid: java.crypto.rsa-without-padding
    Cipher.getInstance("RSA/ECB/NoPadding");
    // ok: java.crypto.rsa-without-padding
    Cipher.getInstance("RSA/ECB/OAEPWithSHA-256AndMGF1Padding");
    // ruleid: java.crypto.constant-iv
    new IvParameterSpec(new byte[16]);
    // ruleid: java.crypto.constant-iv
    new IvParameterSpec("0123456789abcdef".getBytes());
    // ok: java.crypto.constant-iv
    new IvParameterSpec(iv);
    // ruleid: java.crypto.literal-key
    new SecretKeySpec("0123456789abcdef".getBytes(), "AES");
    // ok: java.crypto.literal-key
    new SecretKeySpec(key, "AES");
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    // ruleid: java.crypto.short-key
    generator.initialize(1024);
    // ok: java.crypto.short-key
    generator.initialize(3072);
  }
}

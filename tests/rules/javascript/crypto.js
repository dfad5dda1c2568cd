const crypto = require('crypto');
const bcrypt = require('bcrypt');

function hashes(data, password, salt) {
  // ruleid: javascript.crypto.weak-hash
  crypto.createHash('md5').update(data);
  // ruleid: javascript.crypto.weak-hash
  crypto.createHash('SHA1').update(data);
  // ok: javascript.crypto.weak-hash
  crypto.createHash('sha256').update(data);
  // ok: javascript.crypto.weak-hash
  crypto.createHmac('sha1', key()).update(data);
  // ruleid: javascript.crypto.password-hashed-fast
  crypto.createHash('sha256').update(password).digest('hex');
  // ruleid: javascript.crypto.password-hashed-fast
  crypto.createHash('sha512').update(salt + user.password).digest('hex');
  // ok: javascript.crypto.password-hashed-fast
  crypto.createHash('sha256').update(data).digest('hex');
  // ok: javascript.crypto.password-hashed-fast
  crypto.scryptSync(password, salt, 32);
  // ruleid: javascript.crypto.few-rounds
  crypto.pbkdf2Sync(password, salt, 1000, 32, 'sha256');
  // ok: javascript.crypto.few-rounds
  crypto.pbkdf2Sync(password, salt, 600000, 32, 'sha256');
  // ruleid: javascript.crypto.few-rounds
  bcrypt.hashSync(password, 4);
  // ok: javascript.crypto.few-rounds
  bcrypt.hashSync(password, 12);
  // ok: javascript.crypto.few-rounds
  bcrypt.hashSync(password, rounds);
  // ruleid: javascript.crypto.constant-salt
  crypto.scryptSync(password, 'salt', 32);
  // ok: javascript.crypto.constant-salt
  crypto.scryptSync(password, crypto.randomBytes(16), 32);
}

function ciphers(key, iv, text) {
  // ruleid: javascript.crypto.broken-cipher
  crypto.createCipheriv('des-ede3-cbc', key, iv);
  // ruleid: javascript.crypto.broken-cipher
  crypto.createDecipheriv('rc4', key, null);
  // ok: javascript.crypto.broken-cipher
  crypto.createCipheriv('aes-256-gcm', key, iv);
  // ruleid: javascript.crypto.ecb-mode
  crypto.createCipheriv('aes-128-ecb', key, null);
  // ok: javascript.crypto.ecb-mode
  crypto.createCipheriv('aes-128-cbc', key, iv);
  // ruleid: javascript.crypto.cipher-without-iv
  crypto.createCipher('aes192', key);
  // ok: javascript.crypto.cipher-without-iv
  crypto.createCipheriv('aes192', key, iv);
  // ruleid: javascript.crypto.constant-iv
  crypto.createCipheriv('aes-256-cbc', key, Buffer.alloc(16, 0));
  // ruleid: javascript.crypto.constant-iv
  crypto.createCipheriv('aes-256-cbc', key, '0123456789abcdef');
  // ok: javascript.crypto.constant-iv
  crypto.createCipheriv('aes-256-cbc', key, crypto.randomBytes(16));
  // ruleid: javascript.crypto.literal-key
  crypto.createCipheriv('aes-256-cbc', 'a key that everybody can read...', iv);
  // ruleid: javascript.crypto.literal-key
  crypto.createHmac('sha256', 'well known').update(text);
  // ok: javascript.crypto.literal-key
  crypto.createHmac('sha256', process.env.KEY).update(text);
  // ruleid: javascript.crypto.short-key
  crypto.generateKeyPairSync('rsa', { modulusLength: 1024 });
  // ok: javascript.crypto.short-key
  crypto.generateKeyPairSync('rsa', { modulusLength: 3072 });
  // ok: javascript.crypto.short-key
  crypto.generateKeyPairSync('rsa', { modulusLength: options.bits });
}

function check(signature, expectedSignature, body, version, wanted) {
  // ruleid: javascript.crypto.signature-compared-by-equals
  if (signature === expectedSignature) return true;
  // ruleid: javascript.crypto.signature-compared-by-equals
  if (crypto.createHmac('sha256', key).update(body).digest('hex') === wanted) return true;
  // ok: javascript.crypto.signature-compared-by-equals
  if (signature === undefined) return false;
  // ok: javascript.crypto.signature-compared-by-equals
  if (version === wanted) return false;
  // ok: javascript.crypto.signature-compared-by-equals
  return crypto.timingSafeEqual(signature, expectedSignature);
}

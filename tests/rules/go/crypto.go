package app

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
)

func hashes(data []byte, password string) {
	// ruleid: go.crypto.weak-hash
	md5.Sum(data)
	// ruleid: go.crypto.weak-hash
	sha1.New()
	// ok: go.crypto.weak-hash
	sha256.Sum256(data)
	// ruleid: go.crypto.password-hashed-fast
	sha256.Sum256([]byte(password))
	// ok: go.crypto.password-hashed-fast
	sha256.Sum256([]byte(name))
	// ruleid: go.crypto.few-rounds
	pbkdf2.Key([]byte(password), salt, 1000, 32, sha256.New)
	// ok: go.crypto.few-rounds
	pbkdf2.Key([]byte(password), salt, 600000, 32, sha256.New)
	// ruleid: go.crypto.few-rounds
	bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	// ok: go.crypto.few-rounds
	bcrypt.GenerateFromPassword([]byte(password), bcrypt.DefaultCost)
}

func ciphers(key []byte, nonce []byte, block cipher.Block) {
	// ruleid: go.crypto.broken-cipher
	des.NewCipher(key)
	// ok: go.crypto.broken-cipher
	aes.NewCipher(key)
	// ruleid: go.crypto.constant-iv
	cipher.NewCBCEncrypter(block, []byte("0123456789abcdef"))
	// ok: go.crypto.constant-iv
	cipher.NewCBCEncrypter(block, nonce)
	// ruleid: go.crypto.literal-key
	aes.NewCipher([]byte("0123456789abcdef"))
	// ruleid: go.crypto.literal-key
	token.SignedString([]byte("well known"))
	// ok: go.crypto.literal-key
	token.SignedString(key)
	// ruleid: go.crypto.short-key
	rsa.GenerateKey(rand.Reader, 1024)
	// ok: go.crypto.short-key
	rsa.GenerateKey(rand.Reader, 3072)
}

func check(signature []byte, expectedMAC []byte, one string, other string) bool {
	// ruleid: go.crypto.signature-compared-by-equals
	if bytes.Equal(signature, expectedMAC) {
		return true
	}
	// ok: go.crypto.signature-compared-by-equals
	if one == other {
		return true
	}
	// ruleid: go.crypto.token-not-verified
	parser.ParseUnverified(one, claims)
	// ok: go.crypto.token-not-verified
	parser.ParseWithClaims(one, claims, key)
	// ok: go.crypto.signature-compared-by-equals
	return hmac.Equal(signature, expectedMAC)
}

package app

import "math/rand"

func makeToken() string {
	text := make([]byte, 16)
	for i := range text {
		text[i] = letters[rand.Intn(len(letters))]
	}
	// ruleid: go.random.predictable-secret
	return string(text)
}

func login() {
	// ruleid: go.random.predictable-secret
	resetCode := rand.Intn(1000000)
	// ok: go.random.predictable-secret
	delay := rand.Intn(100)
	// ok: go.random.predictable-secret
	token := crand.Text()
	use(resetCode, delay, token)
}

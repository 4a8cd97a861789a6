package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// service speaks to one endpoint that answers for all services.
type service struct {
	endpoint, region, keyID, token string
}

type answer struct {
	status int
	body   []byte
}

func (s *service) call(ctx context.Context, name, method, path string, headers map[string]string, body string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(s.endpoint, "/")+path, bytes.NewBufferString(body))
	if err != nil {
		return answer{}, err
	}
	scope := fmt.Sprintf("%s/20260101/%s/%s/aws4_request", s.keyID, s.region, name)
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+scope+", SignedHeaders=host, Signature=0")
	if s.token != "" {
		req.Header.Set("X-Amz-Security-Token", s.token)
	}
	for header, value := range headers {
		req.Header.Set(header, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, text}, err
}

// want calls and makes an error of any other status.
func (s *service) want(ctx context.Context, name, method, path string, headers map[string]string, body string) ([]byte, error) {
	got, err := s.call(ctx, name, method, path, headers, body)
	if err != nil {
		return nil, err
	}
	if got.status >= 300 {
		return nil, fmt.Errorf("%s answered %d: %s", name, got.status, got.body)
	}
	return got.body, nil
}

package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// cloud keeps one file per object and a journal of effects, so that a test can count what really happened.
type cloud struct {
	directory string
}

type object struct {
	Name     string  `json:"name"`
	Content  *string `json:"content"`
	Revision int64   `json:"revision"`
}

var idPattern = regexp.MustCompile(`^[0-9a-f]{16}$`)

var errGone = errors.New("no such object")

func newID() string {
	bytes := make([]byte, 8)
	_, _ = rand.Read(bytes)
	return hex.EncodeToString(bytes)
}

func (c *cloud) path(id string) (string, error) {
	if c == nil || c.directory == "" {
		return "", errors.New("set directory in the provider configuration, or FIXTURE_DIR")
	}
	if !idPattern.MatchString(id) {
		return "", fmt.Errorf("%q is no object id", id)
	}
	return filepath.Join(c.directory, id+".json"), nil
}

func (c *cloud) read(id string) (*object, error) {
	path, err := c.path(id)
	if err != nil {
		return nil, err
	}
	bytes, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errGone
	}
	if err != nil {
		return nil, err
	}
	var found object
	return &found, json.Unmarshal(bytes, &found)
}

func (c *cloud) write(verb, id string, value object) error {
	path, err := c.path(id)
	if err != nil {
		return err
	}
	bytes, err := json.Marshal(value)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, bytes, 0o600); err != nil {
		return err
	}
	return c.journal(verb, id)
}

func (c *cloud) remove(id string) error {
	path, err := c.path(id)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return c.journal("delete", id)
}

// journal appends one line an effect; a line is shorter than a page, so writers in other processes do not tear it.
func (c *cloud) journal(verb, id string) error {
	file, err := os.OpenFile(filepath.Join(c.directory, "journal"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = fmt.Fprintf(file, "%s %s\n", verb, id)
	return err
}

// pause waits half of an object's delay; a Stop call ends it early.
func pause(ctx context.Context, delayMs int64) error {
	select {
	case <-ctx.Done():
		return errors.New("stopped while waiting")
	case <-time.After(time.Duration(delayMs) * time.Millisecond / 2):
		return nil
	}
}

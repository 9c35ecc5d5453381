// SPDX-License-Identifier: Apache-2.0

// azure_sdk is Azure Resource Manager for tests, as far as Microsoft's own
// server-side fakes go (sdk/resourcemanager/*/fake of the Azure SDK for Go).
// What may be asked is what Microsoft's clients ask: each of them is made to,
// once, and what it would have sent is a route (routes.go). A request that
// differs from all of them in path, query or api-version is refused. What a
// route answers is a value of Microsoft's types, two of a list to a page
// (data.go, platform.go).
//
//	AZURE_SDK_SECRET=... azure_sdk CLIENT TENANT
//
// prints its URL, and serves until standard input ends. Tokens are handed out
// for the secret as Microsoft Entra does. GET /-/unasked lists the routes that
// nobody has asked for.
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"sort"
	"strings"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

type server struct {
	lock                   sync.Mutex
	url                    string
	client, tenant, secret string
	tokens                 map[string]bool
	routes                 map[string]*route
}

func main() {
	if len(os.Args) != 3 || os.Getenv("AZURE_SDK_SECRET") == "" {
		fmt.Fprintln(os.Stderr, "azure_sdk: CLIENT and TENANT as arguments, "+
			"AZURE_SDK_SECRET in the environment")
		os.Exit(1)
	}
	routes, err := learn()
	if err != nil {
		fmt.Fprintln(os.Stderr, "azure_sdk:", err)
		os.Exit(1)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, "azure_sdk:", err)
		os.Exit(1)
	}
	s := &server{url: "http://" + listener.Addr().String(),
		client: os.Args[1], tenant: os.Args[2],
		secret: os.Getenv("AZURE_SDK_SECRET"),
		tokens: map[string]bool{}, routes: routes}
	go http.Serve(listener, s)
	fmt.Println(s.url)
	io.Copy(io.Discard, os.Stdin)
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{
		"error": map[string]string{"code": code, "message": message}})
	fmt.Fprintln(os.Stderr, status, code, message)
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == "POST" && r.URL.Path == "/"+s.tenant+"/oauth2/v2.0/token":
		s.token(w, r)
	case r.Method == "GET" && r.URL.Path == "/-/unasked":
		s.unasked(w)
	case r.Method != "GET":
		refuse(w, 405, "MethodNotAllowed", r.Method+" "+r.URL.Path)
	default:
		s.answer(w, r)
	}
}

func (s *server) token(w http.ResponseWriter, r *http.Request) {
	if r.FormValue("grant_type") != "client_credentials" ||
		r.FormValue("client_id") != s.client ||
		r.FormValue("client_secret") != s.secret ||
		r.FormValue("scope") != "https://management.azure.com/.default" {
		w.WriteHeader(401)
		io.WriteString(w, `{"error": "invalid_client"}`)
		return
	}
	token := "planted-token-" + rand.Text()
	s.lock.Lock()
	s.tokens[token] = true
	s.lock.Unlock()
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{
		"token_type": "Bearer", "expires_in": 3600, "access_token": token})
}

func (s *server) unasked(w http.ResponseWriter) {
	found := []string{}
	s.lock.Lock()
	for path, route := range s.routes {
		if !route.asked {
			found = append(found, path)
		}
	}
	s.lock.Unlock()
	sort.Strings(found)
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(found)
}

// A page but the first: the fakes' own links end so.
var nextPage = regexp.MustCompile(`/fake_page_\d+$`)

func (s *server) answer(w http.ResponseWriter, r *http.Request) {
	token, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	path := nextPage.ReplaceAllLiteralString(r.URL.Path, "")
	query := r.URL.Query()
	version := query.Get("api-version")
	query.Del("api-version")
	s.lock.Lock()
	defer s.lock.Unlock()
	route := s.routes[path]
	switch {
	case !found || !s.tokens[token]:
		refuse(w, 401, "InvalidAuthenticationToken", "no token of ours")
	case route == nil:
		refuse(w, 404, "InvalidResourceType", "no client of Microsoft's asks for "+path)
	case !route.speaks(version):
		refuse(w, 400, "InvalidApiVersionParameter", fmt.Sprintf(
			"%s is asked for in version %s, not %q", path, route.version, version))
	case query.Encode() != route.query.Encode():
		refuse(w, 400, "InvalidQuery", fmt.Sprintf(
			"%s is asked for with %q, not %q", path, route.query.Encode(), query.Encode()))
	default:
		err := s.pass(w, r, route, path != r.URL.Path)
		if err != nil {
			refuse(w, 500, "Fake", err.Error())
		}
	}
}

// pass lets Microsoft's fake answer. The pages of a list are those of one
// fake; who begins again gets another.
func (s *server) pass(w http.ResponseWriter, r *http.Request, route *route, next bool) error {
	if !next {
		route.asked = true
		route.fake = route.fresh()
	} else if route.fake == nil {
		return errors.New("a page of a list that was not begun")
	}
	ctx := context.WithValue(r.Context(), runtime.CtxAPINameKey{}, route.api)
	request, err := http.NewRequestWithContext(ctx, "GET", s.url+r.URL.RequestURI(), nil)
	if err != nil {
		return err
	}
	answer, err := route.fake(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	w.Header().Set("Content-Type", answer.Header.Get("Content-Type"))
	w.WriteHeader(answer.StatusCode)
	_, err = io.Copy(w, answer.Body)
	return err
}

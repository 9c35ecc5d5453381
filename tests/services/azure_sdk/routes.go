// SPDX-License-Identifier: Apache-2.0

// What Microsoft's clients ask, and who answers it.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	azfake "github.com/Azure/azure-sdk-for-go/sdk/azcore/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

const (
	good  = "11111111-aaaa-4111-8111-111111111111"
	bad   = "22222222-bbbb-4222-8222-222222222222"
	gone  = "77777777-9999-4777-8777-777777777777" // disabled
	group = "rg"
)

// Versions that rules ask for besides that of the client, with the same names:
// where no module that is released as stable speaks one that is no preview.
var others = map[string]string{
	"2014-04-01":         "2021-11-01", // Microsoft.Sql
	"2020-11-01-preview": "2021-11-01",
	"2021-02-01-preview": "2021-11-01",
	"2021-05-01-preview": "2021-11-01",
	"2021-11-01-preview": "2021-11-01",
	"2021-05-01":         "2022-01-01", // Microsoft.DBforMySQL
	"2023-01-01-preview": "2020-10-01", // activityLogAlerts
}

type do func(*http.Request) (*http.Response, error)

type route struct {
	api     any // "AccountsClient.NewListPager"
	version string
	query   url.Values
	fresh   func() do
	fake    do
	asked   bool
}

func (r *route) speaks(version string) bool {
	return version == r.version || version != "" && version == others[r.version]
}

// estate is one subscription, and what clients ask about it.
type estate struct {
	sub    string
	good   bool
	routes map[string]*route
	err    error
}

// asker is a client's way to a fake.
type asker struct {
	e     *estate
	fresh func() do
}

var errNoted = errors.New("noted")

// Do notes a request instead of sending it (policy.Transporter).
func (a asker) Do(request *http.Request) (*http.Response, error) {
	query := request.URL.Query()
	version := query.Get("api-version")
	query.Del("api-version")
	if request.Method != "GET" || version == "" {
		return nil, fmt.Errorf("not a GET, or without a version: %s", request.URL)
	}
	a.e.routes[request.URL.Path] = &route{
		api:     request.Context().Value(runtime.CtxAPINameKey{}),
		version: version, query: query, fresh: a.fresh}
	return nil, errNoted
}

// options are those of a client that asks a fake, and not a server.
func (e *estate) options(fresh func() do) *arm.ClientOptions {
	return &arm.ClientOptions{
		ClientOptions: policy.ClientOptions{
			Transport: asker{e, fresh}, Retry: policy.RetryOptions{MaxRetries: -1}},
		DisableRPRegistration: true}
}

// noted takes what a client returned: it must have asked.
func noted[T any](e *estate, _ T, err error) {
	if e.err == nil && !errors.Is(err, errNoted) {
		e.err = fmt.Errorf("nothing was asked: %w", err)
	}
}

// must takes a client; making one fails for what is wrong here only.
func must[C any](client *C, err error) *C {
	if err != nil {
		panic(err)
	}
	return client
}

func (e *estate) id(kind, name string) *string {
	return p("/subscriptions/" + e.sub + "/resourceGroups/" + group +
		"/providers/" + kind + "/" + name)
}

// named makes three resources, of which the last one is as good as e: on the
// second page.
func named[T any](e *estate, make func(name string, good bool) *T) []*T {
	out := []*T{}
	for _, name := range []string{"a1", "a2", "a3"} {
		out = append(out, make(name, e.good || name == "a1" || name == "a2"))
	}
	return out
}

// pages has two items each, and one page at least; all of them are on one where
// Microsoft's type says that there are no more.
func pages[R, T any](items []*T, page func([]*T) R) (out azfake.PagerResponder[R]) {
	if items == nil {
		items = []*T{}
	}
	_, more := reflect.TypeFor[R]().FieldByName("NextLink")
	for ; more && len(items) > 2; items = items[2:] {
		out.AddPage(http.StatusOK, page(items[:2:2]), nil)
	}
	out.AddPage(http.StatusOK, page(items), nil)
	return
}

func one[R any](value R) (out azfake.Responder[R], err azfake.ErrorResponder) {
	out.SetResponse(http.StatusOK, value, nil)
	return
}

func p[T any](value T) *T { return &value }

func either[T any](first bool, one, other T) *T {
	if first {
		return &one
	}
	return &other
}

var (
	credential = &azfake.TokenCredential{}
	background = context.Background()
)

// learn has all clients ask.
func learn() (map[string]*route, error) {
	routes := map[string]*route{}
	subscriptions := &estate{routes: routes}
	subscriptionsOf(subscriptions)
	if subscriptions.err != nil {
		return nil, subscriptions.err
	}
	for _, sub := range []string{good, bad} {
		for _, service := range []func(*estate){
			storage, sql, mysql, keyvault, network, compute, security,
			monitor, authorization} {
			e := &estate{sub: sub, good: sub == good, routes: routes}
			service(e)
			if e.err != nil {
				return nil, e.err
			}
		}
	}
	return routes, nil
}

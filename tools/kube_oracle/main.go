// Kubernetes' own answers, one JSON line a question: see generate.py.
package main

import (
	"bufio"
	stdjson "encoding/json"
	"fmt"
	"os"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	kjson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	sjson "sigs.k8s.io/json"
)

type req struct {
	Op       string
	Original stdjson.RawMessage
	Patch    stdjson.RawMessage
	Value    stdjson.RawMessage
	Labels   map[string]string
	Text     string
}

func answer(r req) (out any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	switch r.Op {
	case "merge":
		var o, p map[string]any
		if err := kjson.Unmarshal(r.Original, &o); err != nil {
			return nil, err
		}
		if err := kjson.Unmarshal(r.Patch, &p); err != nil {
			return nil, err
		}
		s, _ := strategicpatch.NewPatchMetaFromStruct(corev1.Pod{})
		return strategicpatch.StrategicMergeMapPatchUsingLookupPatchMeta(o, p, s)
	case "quantity":
		var q resource.Quantity
		if err := stdjson.Unmarshal(r.Value, &q); err != nil {
			return nil, err
		}
		b, err := q.MarshalJSON()
		return stdjson.RawMessage(b), err
	case "parse":
		q, err := resource.ParseQuantity(r.Text)
		if err != nil {
			return nil, err
		}
		return q.String(), nil
	case "pod":
		var pod corev1.Pod
		if err := sjson.UnmarshalCaseSensitivePreserveInts(r.Value, &pod); err != nil {
			return nil, err
		}
		b, err := stdjson.Marshal(pod)
		return string(b), err
	case "pod-any-case": // as Istio's webhook reads pods
		var pod corev1.Pod
		if err := stdjson.Unmarshal(r.Value, &pod); err != nil {
			return nil, err
		}
		b, err := stdjson.Marshal(pod)
		return string(b), err
	case "json":
		var v any
		if err := stdjson.Unmarshal([]byte(r.Text), &v); err != nil {
			return nil, err
		}
		b, err := stdjson.Marshal(v)
		return string(b), err
	case "selector":
		var s *metav1.LabelSelector
		if err := stdjson.Unmarshal(r.Value, &s); err != nil {
			return nil, err
		}
		sel, err := metav1.LabelSelectorAsSelector(s)
		if err != nil {
			return nil, err
		}
		return []any{sel.String(), sel.Matches(labels.Set(r.Labels)), sel.Empty()}, nil
	}
	return nil, fmt.Errorf("op")
}

func main() {
	sc := bufio.NewScanner(os.Stdin)
	sc.Buffer(nil, 1<<24)
	w := bufio.NewWriter(os.Stdout)
	defer w.Flush()
	for sc.Scan() {
		var r req
		if err := stdjson.Unmarshal(sc.Bytes(), &r); err != nil {
			panic(err)
		}
		out, err := answer(r)
		m := map[string]any{"out": out}
		if err != nil {
			m = map[string]any{"error": err.Error()}
		}
		b, e := stdjson.Marshal(m)
		if e != nil {
			b, _ = stdjson.Marshal(map[string]any{"error": e.Error()})
		}
		w.Write(b)
		w.WriteByte('\n')
	}
}

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/golang/protobuf/jsonpb"
	legacy "github.com/golang/protobuf/proto"
	"google.golang.org/protobuf/proto"
	meshconfig "istio.io/api/mesh/v1alpha1"
	"sigs.k8s.io/yaml"
)

func apply(yml string, pb proto.Message) error {
	js, err := yaml.YAMLToJSON([]byte(yml))
	if err != nil {
		return err
	}
	m := jsonpb.Unmarshaler{}
	if err := m.Unmarshal(strings.NewReader(string(js)), legacy.MessageV1(pb)); err != nil {
		m.AllowUnknownFields = true
		return m.Unmarshal(strings.NewReader(string(js)), legacy.MessageV1(pb))
	}
	return nil
}

func main() {
	sc := bufio.NewScanner(os.Stdin)
	sc.Buffer(make([]byte, 1<<20), 1<<26)
	for sc.Scan() {
		var q struct{ Kind, Base, Text string }
		if err := json.Unmarshal(sc.Bytes(), &q); err != nil {
			panic(err)
		}
		var pb proto.Message = &meshconfig.ProxyConfig{}
		if q.Kind == "MeshConfig" {
			pb = &meshconfig.MeshConfig{}
		}
		out := map[string]any{}
		if q.Base != "" {
			if err := apply(q.Base, pb); err != nil {
				panic(err)
			}
		}
		if err := apply(q.Text, pb); err != nil {
			out["error"] = err.Error()
		} else {
			m := jsonpb.Marshaler{}
			s, err := m.MarshalToString(legacy.MessageV1(pb))
			if err != nil {
				out["marshal_error"] = err.Error()
			}
			out["json"] = s
			out["text"] = fmt.Sprint(pb)
		}
		b, _ := json.Marshal(out)
		fmt.Println(string(b))
	}
}

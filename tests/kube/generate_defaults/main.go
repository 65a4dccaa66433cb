// Answers what Kubernetes' API server makes of a pod before it asks a webhook: one JSON object
// {"spec": ...} a line, with the answer in "stored". See README.md.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	"k8s.io/kubernetes/pkg/apis/core"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
)

type row struct {
	Spec   json.RawMessage `json:"spec"`
	Stored json.RawMessage `json:"stored"`
}

// stored is the spec after defaulting and a round trip through the internal version.
func stored(spec json.RawMessage) (json.RawMessage, error) {
	var pod corev1.Pod
	if err := json.Unmarshal(spec, &pod.Spec); err != nil {
		return nil, err
	}

	legacyscheme.Scheme.Default(&pod)
	internal, err := legacyscheme.Scheme.ConvertToVersion(&pod, core.SchemeGroupVersion)
	if err != nil {
		return nil, err
	}

	codec := legacyscheme.Codecs.LegacyCodec(corev1.SchemeGroupVersion)
	text, err := runtime.Encode(codec, internal)
	if err != nil {
		return nil, err
	}

	var answer struct {
		Spec json.RawMessage `json:"spec"`
	}
	err = json.Unmarshal(text, &answer)
	return answer.Spec, err
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var question row
		err := json.Unmarshal(lines.Bytes(), &question)
		if err == nil {
			question.Stored, err = stored(question.Spec)
		}

		var answer []byte
		if err == nil {
			answer, err = json.Marshal(question)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(string(answer))
	}
}

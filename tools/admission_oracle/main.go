// The API server's own answers about ValidatingAdmissionPolicies, one JSON line a question: see
// generate.py.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"

	v1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/cel/environment"
)

const budget = 10_000_000

type question struct {
	Policy    v1.ValidatingAdmissionPolicy
	Pod       corev1.Pod
	Params    *unstructured.Unstructured // its integers are integers, as in the cluster
	Namespace corev1.Namespace
}

// compiled does what the plugin does with a policy when it hears of it.
func compiled(template *cel.CompositionEnv, spec v1.ValidatingAdmissionPolicySpec) validating.Validator {
	options := cel.OptionalVariableDeclarations{HasParams: spec.ParamKind != nil, HasAuthorizer: true, StrictCost: true}
	messages := options
	messages.HasAuthorizer = false
	mode := environment.StoredExpressions
	compiler := cel.NewCompositedCompilerFromTemplate(template)

	var variables []cel.NamedExpressionAccessor
	for _, each := range spec.Variables {
		variables = append(variables, &validating.Variable{Name: each.Name, Expression: each.Expression})
	}
	compiler.CompileAndStoreVariables(variables, options, mode)

	var conditions, validations, annotations []cel.ExpressionAccessor
	texts := make([]cel.ExpressionAccessor, len(spec.Validations))
	for _, each := range spec.MatchConditions {
		condition := matchconditions.MatchCondition(each)
		conditions = append(conditions, &condition)
	}
	for i, each := range spec.Validations {
		validations = append(validations, &validating.ValidationCondition{Expression: each.Expression, Message: each.Message})
		if each.MessageExpression != "" {
			texts[i] = &validating.MessageExpressionCondition{MessageExpression: each.MessageExpression}
		}
	}
	for _, each := range spec.AuditAnnotations {
		annotations = append(annotations, &validating.AuditAnnotationCondition{Key: each.Key, ValueExpression: each.ValueExpression})
	}

	var matcher matchconditions.Matcher
	if len(conditions) > 0 {
		matcher = matchconditions.NewMatcher(compiler.CompileCondition(conditions, options, mode), spec.FailurePolicy, "policy", "validate", "p")
	}
	return validating.NewValidator(
		compiler.CompileCondition(validations, options, mode), matcher,
		compiler.CompileCondition(annotations, options, mode),
		compiler.CompileCondition(texts, messages, mode), spec.FailurePolicy)
}

// answer is one [action, evaluation, message] for each validation, then one ["audit", action,
// error] for each audit annotation.
func answer(template *cel.CompositionEnv, q question) [][]string {
	kind := schema.GroupVersionKind{Version: "v1", Kind: "Pod"}
	resource := schema.GroupVersionResource{Version: "v1", Resource: "pods"}
	attributes := admission.NewAttributesRecord(&q.Pod, nil, kind, q.Pod.Namespace, q.Pod.Name, resource, "", admission.Create, nil, false, &user.DefaultInfo{Name: "someone"})
	versioned := &admission.VersionedAttributes{Attributes: attributes, VersionedKind: kind, VersionedObject: &q.Pod}
	var params runtime.Object
	if q.Params != nil {
		params = q.Params
	}

	result := compiled(template, q.Policy.Spec).Validate(context.Background(), resource, versioned, params, &q.Namespace, budget, nil)
	answers := [][]string{}
	for _, each := range result.Decisions {
		answers = append(answers, []string{string(each.Action), string(each.Evaluation), each.Message})
	}
	for _, each := range result.AuditAnnotations {
		answers = append(answers, []string{"audit", string(each.Action), each.Error})
	}
	return answers
}

func main() {
	base := environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion(), true)
	template, err := cel.NewCompositionEnv(cel.VariablesTypeName, base)
	if err != nil {
		panic(err)
	}

	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var q question
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			panic(err)
		}
		text, _ := json.Marshal(answer(template, q))
		fmt.Println(string(text))
	}
}

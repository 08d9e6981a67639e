from django import forms

ROUTERS = [("support", "support"), ("search", "search"), ("coding", "coding"), ("back-office", "back-office")]


class Filters(forms.Form):
    router = forms.ChoiceField(choices=[("", "Any"), *ROUTERS], required=False)
    tier = forms.ChoiceField(choices=[("", "Any"), ("premium", "Premium"), ("mid", "Mid")], required=False)
    outcome = forms.ChoiceField(choices=[("", "Any"), ("escalated", "Escalated")], required=False)
    since = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    q = forms.CharField(
        label="Search", required=False, widget=forms.TextInput(attrs={"placeholder": "id, tag"})
    )


class NewKey(forms.Form):
    name = forms.CharField(help_text="As your colleagues will look for it.")
    routers = forms.MultipleChoiceField(
        choices=ROUTERS, widget=forms.CheckboxSelectMultiple, help_text="None means all of them."
    )
    tags = forms.CharField(
        required=False,
        widget=forms.TextInput(attrs={"data-tags": True, "placeholder": "team=search"}),
        help_text="Put on every request made with this key.",
    )
    rate = forms.IntegerField(label="Requests per minute", required=False)
    tier = forms.ChoiceField(label="Highest tier", choices=[("premium", "Premium"), ("mid", "Mid")])
    note = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3}))
    alert = forms.BooleanField(label="Tell me when it is used for the first time", required=False)


class Settings(forms.Form):
    name = forms.CharField()
    plan = forms.ChoiceField(
        choices=[("free", "Free"), ("pro", "Pro"), ("team", "Team")], widget=forms.RadioSelect
    )

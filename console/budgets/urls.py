from django.urls import URLPattern, URLResolver, path

from console.budgets import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("budgets/", views.budgets, name="budgets"),
    path("budgets/new/", views.budget_new, name="budget_new"),
    path("budgets/<int:budget>/", views.budget, name="budget"),
    path("budgets/<int:budget>/delete/", views.budget_delete, name="budget_delete"),
]
